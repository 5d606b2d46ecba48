"""Sums of squares: squares of binomials and trinomials, complete squares, squares times factors."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import permutations
from itertools import product as product_of
from math import gcd, prod
from typing import Any

from olympiad_ineq.data_gen.symbolic.algebra import (
    Exps,
    Mono,
    Terms,
    collect,
    letters,
    number,
    ordered,
    pattern,
    primitive,
    product,
    reading,
    used,
    variable,
)
from olympiad_ineq.data_gen.symbolic.means import at
from olympiad_ineq.data_gen.symbolic.sketch import Fact, Point, Sketch, Template, Work

SIZES = {1: 9, 2: 16, 3: 40, 4: 60}


def size_limit(work: Work) -> int:
    """The largest coefficient of a goal: more where one variable leaves little else to vary."""
    return SIZES[work.level] * (4 if work.n == 1 else 1)


def reach(work: Work) -> int:
    """The largest coefficient of a form."""
    return 6 if work.n == 1 else 2 + work.level


def split(terms: Sequence[Mono]) -> tuple[Terms, Terms]:
    """Positive terms, and the negative ones with their sign changed."""
    return [t for t in terms if t.coef > 0], [-t for t in terms if t.coef < 0]


def expand(form: Sequence[Mono]) -> Terms:
    """The square of a form: squares first, then the cross terms."""
    return collect(
        [t**2 for t in form]
        + [(form[i] * form[j]).times(2) for i in range(len(form)) for j in range(i + 1, len(form))]
    )


def relation(work: Work, terms: Sequence[Mono]) -> str:
    """terms >= 0 with negative terms on the right, numbers last."""
    left, right = (sorted(side, key=lambda t: t.is_number) for side in split(terms))
    return work.ge(left, right)


def state(work: Work, form: Sequence[Mono]) -> Fact:
    terms = expand(form)
    left, right = split(terms)
    step = work.step(relation(work, terms), "square", expr=work.say(form))
    return Fact(step, left, right)


# -- drawing forms -----------------------------------------------------------------------------


def draw_point(work: Work) -> Point | None:
    """Where all forms vanish: None for homogeneous forms, which vanish at zero."""
    if work.rng.random() < (0.25 if work.level == 1 else 0.4) and work.n > 1:
        return None
    if work.n == 1:
        place = work.rng.choice(("1", "1", "2", "3", "4", "5", "6", "-1", "-2", "-3", "1/2"))
        return (Fraction(place),)
    values = (1, 1, 1, 2, 2, 3, -1, -2) if work.level <= 2 else (1, 2, 3, 4, -1, Fraction(1, 2))
    return tuple(Fraction(work.rng.choice(values)) for _ in range(work.n))


def vanishing(work: Work, head: Terms, point: Point | None, tail: Exps | None) -> Terms | None:
    """`head` minus a multiple of the monomial `tail` (a number for None) that is 0 at the point."""
    n = work.n
    exps = tail if tail is not None else (0,) * n
    if point is None:
        if tail is None:
            return None
        coef = Fraction(
            work.rng.choice((1, 1, 1, 2, -1) if work.level <= 2 else (1, 1, 2, 3, -1, -2))
        )
    else:
        coef = sum((t.coef * at(point, t.exps) for t in head), Fraction(0)) / at(point, exps)
    if coef == 0:
        return None
    form = primitive([*head, Mono(-coef, exps)])[0]
    return form if max(abs(t.coef) for t in form) <= reach(work) else None


def binomial(work: Work, point: Point | None) -> Terms | None:
    """u - k*v."""
    rng, n = work.rng, work.n
    i = rng.randrange(n)
    others = [j for j in range(n) if j != i]
    kinds = ["a-b"] if others else []
    if point is not None:
        kinds += ["a-1"] + ["aa-1", "aa-a"] + (["ab-1", "aa-b", "ab-a"] if others else [])
    elif len(others) > 1:
        kinds += ["ab-bc"]
    if len(others) > 1 and (point is not None or work.level > 1):
        kinds += ["aa-bc", "ab-c"] if point is not None else ["aa-bc"]
    kind = rng.choice(kinds)
    a = variable(i, n, rng.choice((1, 1, 1, 2)))
    b, c = ([variable(j, n) for j in rng.sample(others, len(others))] + [number(1, n)] * 2)[:2]
    square = variable(i, n, 1, 2)
    match kind:
        case "a-b":
            return vanishing(work, [a], point, b.exps)
        case "a-1":
            return vanishing(work, [a], point, None)
        case "aa-1":
            return vanishing(work, [square], point, None)
        case "aa-a":
            return vanishing(work, [square], point, variable(i, n).exps)
        case "aa-b":
            return vanishing(work, [square], point, b.exps)
        case "ab-1":
            return vanishing(work, [variable(i, n) * b], point, None)
        case "ab-a":
            return vanishing(work, [variable(i, n) * b], point, variable(i, n).exps)
        case "ab-bc":
            return vanishing(work, [variable(i, n) * b], point, (b * c).exps)
        case "aa-bc":
            return vanishing(work, [square], point, (b * c).exps)
        case _:
            return vanishing(work, [variable(i, n) * b], point, c.exps)


def trinomial(work: Work, point: Point | None) -> Terms | None:
    """a + k*b + l*c, or with a number in the place of c."""
    rng, n = work.rng, work.n
    if n == 1:
        a = variable(0, n, 1, 2)
        return vanishing(work, [a, variable(0, n, rng.choice((1, -1, 2, -2)))], point, None)
    spots = rng.sample(range(n), min(n, 3))
    head = [variable(spots[0], n), variable(spots[1], n, rng.choice((1, 1, -1, 2, -2)))]
    if rng.random() < 0.35:
        square = rng.choice((variable(spots[0], n, 1, 2), head[0] * variable(spots[-1], n)))
        if square.exps != head[1].exps:
            head[0] = square
    if n == 2 or (point is not None and rng.random() < 0.5):
        return vanishing(work, head, point, None)
    return vanishing(work, head, point, variable(spots[2], n).exps)


def linear(work: Work, point: Point | None) -> Terms | None:
    """a - k*b or a - k."""
    rng, n = work.rng, work.n
    i = rng.randrange(n)
    j = rng.choice([k for k in [*range(n), None] if k != i]) if point is not None else None
    if point is None and n > 1:
        j = rng.choice([k for k in range(n) if k != i])
    tail = None if j is None else variable(j, n).exps
    return vanishing(work, [variable(i, n)], point, tail)


FORMS = {"1": linear, "2": binomial, "3": trinomial}


def normal(form: Terms) -> Terms:
    """Terms in reading order, the first with a positive sign."""
    form = sorted(form, key=lambda t: (t.is_number, -t.degree, reading(t)))
    return [-t for t in form] if form[0].coef < 0 else form


def draw_forms(work: Work, kinds: Sequence[str], point: Point | None) -> list[Terms] | None:
    forms: list[Terms] = []
    for kind in kinds:
        form = FORMS[kind](work, point)
        if form is None:
            return None
        form = normal(form)
        if len(form) < max(2, int(kind)) or form in forms:
            return None
        if form[-1].coef > 0 and any(min(c) for c in zip(*(t.exps for t in form), strict=True)):
            return None
        forms.append(form)
    if len(used(t.exps for form in forms for t in form)) < work.n:
        return None
    return forms


def tidy(forms: Sequence[Terms], point: Point | None, n: int) -> tuple[list[Terms], Point | None]:
    """Rename the variables so that they appear in alphabetical order as far as possible."""
    best: tuple[list[tuple[bool, Exps]], list[Terms], tuple[int, ...]] | None = None
    for order in permutations(range(n)):
        moved = [normal([Mono(t.coef, tuple(t.exps[i] for i in order)) for t in f]) for f in forms]
        key = [reading(t) for form in moved for t in form]
        if best is None or key < best[0]:
            best = key, moved, order
    assert best is not None
    return best[1], None if point is None else tuple(point[i] for i in best[2])


def family(forms: Sequence[Terms], kind: str = "") -> str:
    """Structure up to renaming: monomials and signs, no coefficients.

    Differences of monomials are named as in AM-GM, whose two-term means they are.
    """
    if not kind and all(len(f) == 2 for f in forms) and _balanced(forms):
        blocks = [("", [(1, tuple(2 * e for e in t.exps)) for t in f]) for f in forms]
        return f"{'mean' if len(forms) == 1 else 'sum'} {pattern(blocks, invert=True)}"
    return f"squares{kind} {min(_signed_names(forms))}"


def _balanced(forms: Sequence[Terms]) -> bool:
    """Whether some change of signs of variables makes every form a difference of monomials."""
    n = len(forms[0][0].exps)
    return any(
        all(
            prod(s**e for t in form for s, e in zip(signs, t.exps, strict=True))
            * form[0].coef
            * form[1].coef
            < 0
            for form in forms
        )
        for signs in product_of((1, -1), repeat=n)
    )


def _signed_names(forms: Sequence[Terms]) -> Iterator[str]:
    """How the forms read after each renaming and each change of signs of variables."""
    n = len(forms[0][0].exps)
    for signs in product_of((1, -1), repeat=n):
        flipped = [
            [
                (t.exps, t.coef * prod(s**e for s, e in zip(signs, t.exps, strict=True)) > 0)
                for t in form
            ]
            for form in forms
        ]
        for order in permutations(range(n)):
            parts = []
            for form in flipped:
                rows = sorted((tuple(e[i] for i in order), up) for e, up in form)
                flip = not rows[-1][1]
                parts.append(
                    "".join(("+" if up != flip else "-") + letters(e) for e, up in reversed(rows))
                )
            yield " & ".join(sorted(parts))


# -- templates ---------------------------------------------------------------------------------


def goal_text(work: Work, terms: Sequence[Mono]) -> str | None:
    """How the sum of squares is posed: two sides, all on the left, or the number on the right."""
    terms = [t for t in terms if t.coef]
    if len(terms) < 2:
        return None
    left, right = split(terms)
    roll = work.rng.random()
    numbers = [t for t in terms if t.is_number]
    if (
        numbers
        and roll < (0.3 if work.level > 1 or len(terms) < 4 else 0.1)
        and numbers[0].coef > 0
    ):
        # x^2 - 4x >= -4: the least value of what depends on x.
        rest = [t for t in terms if not t.is_number]
        return work.ge(ordered(rest), [number(-numbers[0].coef, work.n)])
    if right and roll < 0.85:
        return relation(work, ordered(terms) if work.n == 1 else terms)
    if len(terms) > 5 or not right:
        return None if right else f"{work.say(ordered(left))} >= 0"
    return f"{work.say(ordered(terms))} >= 0"


def equality(
    forms: Sequence[Terms], point: Point | None, work: Work, cyclic: bool = False
) -> dict[str, Any]:
    if point is None:
        if not cyclic and len(forms) == 1 and len(forms[0]) == 2:
            left, right = split(forms[0])
            if len(left) == 1 and left[0].degree == 1:
                return {"when": f"{work.say(left)} = {work.say(right)}"}
        if all(not sum((t.coef for t in form), Fraction(0)) for form in forms):
            point = (Fraction(1),) * work.n
        else:
            point = (Fraction(0),) * work.n
    return {"point": {v: str(x) for v, x in zip(work.names, point, strict=True)}}


def finish(work: Work, goal: str, name: str, claimed: dict[str, Any]) -> Sketch:
    sketch = work.finish(goal, name, (Fraction(1),) * work.n)
    return Sketch(sketch.names, sketch.domain, sketch.given, goal, sketch.steps, name, claimed)


def squares(plans: dict[int, Sequence[str]]) -> Callable[[Work], Sketch | None]:
    """Squares of differences ("1"), binomials ("2") and trinomials ("3"), stated, then added."""

    def make(work: Work) -> Sketch | None:
        work.domain = "real"
        point = draw_point(work)
        forms = draw_forms(work, work.rng.choice(plans[work.level]), point)
        if forms is None:
            return None
        forms, point = tidy(forms, point, work.n)
        total = collect(t for form in forms for t in expand(form))
        if any(min(column) for column in zip(*(t.exps for t in total), strict=True)):
            return None
        if work.level == 1 and not visible(forms):
            return None
        if max(abs(t.coef) for t in total) > size_limit(work) or len(total) > 6 + work.level:
            return None
        if gcd(*(int(t.coef) for t in total)) > 1 or len(used(t.exps for t in total)) < work.n:
            return None
        goal = goal_text(work, total)
        if goal is None:
            return None
        if len(forms) == 1:
            work.step(goal, "square", expr=work.say(forms[0]))
        else:
            facts = [state(work, form) for form in forms]
            work.step(goal, "combine", of=[f.id for f in facts])
        return finish(work, goal, family(forms), equality(forms, point, work))

    return make


def visible(forms: Sequence[Terms]) -> bool:
    """Whether each square can be seen in the sum: no term cancels, no two squares look alike."""
    squares_ = [expand(form) for form in forms]
    signs: dict[Exps, bool] = {}
    for form, terms in zip(forms, squares_, strict=True):
        if len(terms) < len(form) * (len(form) + 1) // 2:
            return False
        for term in terms:
            if signs.setdefault(term.exps, term.coef > 0) != (term.coef > 0):
                return False
    return len({frozenset(t.exps for t in form) for form in forms}) == len(forms)


def shifted_square(work: Work) -> Sketch | None:
    """The cyclic versions of one square, added: (a-b)^2 + (b-c)^2 + (c-a)^2."""
    work.domain = "real"
    n = work.n
    point = (Fraction(1),) * n if work.rng.random() < 0.6 else None
    forms = [(binomial if work.rng.random() < 0.5 else trinomial)(work, point)]
    form = forms[0]
    if form is None or len(form) < 2 or len(used(t.exps for t in form)) < (2 if n > 1 else 1):
        return None
    form = tidy([form], point, n)[0][0]
    total = expand(form)
    lhs, rhs = split(total)
    if not lhs or not rhs or max(abs(t.coef) for t in total) > size_limit(work):
        return None
    added = work.cyclic(state(work, form))
    left, right = added.lhs, added.rhs
    both = collect([*left, *(-t for t in right)])
    if len(both) != len(left) + len(right) or not both:
        return None
    goal = work.steps[-1]["claim"]
    return finish(work, goal, family([form], " cyclic"), equality([form], point, work, cyclic=True))


def times_factor(work: Work) -> Sketch | None:
    """Squares times positive variables: a(b-c)^2 + b(c-a)^2 + c(a-b)^2 >= 0."""
    rng, n = work.rng, work.n
    point = tuple(Fraction(rng.choice((1, 1, 1, 2))) for _ in range(n))
    count = rng.choice({2: (1, 2), 3: (2, 3), 4: (3,)}[work.level])
    kinds = ["2"] * count if work.level < 4 else ["2"] * (count - 1) + ["3"]
    forms = draw_forms(work, kinds, point)
    if forms is None:
        return None
    forms, moved = tidy(forms, point, n)
    assert moved is not None
    factors = []
    for _ in forms:
        factor = variable(rng.randrange(n), n)
        if rng.random() < 0.3:
            factor = factor * variable(rng.randrange(n), n)
        factors.append(factor)
    scaled = [product([f], expand(form)) for f, form in zip(factors, forms, strict=True)]
    total = collect(t for terms in scaled for t in terms)
    left, right = split(total)
    if not left or not right or max(abs(t.coef) for t in total) > size_limit(work):
        return None
    common = [min(c) for c in zip(*(t.exps for t in total), strict=True)]
    if len(used(t.exps for t in total)) < n or any(common) or len(total) > 7 + work.level:
        return None
    if gcd(*(int(t.coef) for t in total)) > 1:
        return None
    facts = []
    for factor, form, terms in zip(factors, forms, scaled, strict=True):
        fact = state(work, form)
        step = work.step(relation(work, terms), "scale", of=[fact.id], expr=work.say([factor]))
        facts.append(step)
    goal = relation(work, ordered(total))
    if len(facts) > 1:
        work.step(goal, "combine", of=facts)
    blocks = family(forms, " scaled") + " by " + ",".join(letters(f.exps) for f in factors)
    return finish(work, goal, blocks, equality(forms, moved, work))


def complete(work: Work) -> Sketch | None:
    """A quadratic that is a weighted sum of squares: 4(a^2+ab+b^2) = (2a+b)^2 + 3b^2."""
    rng, n = work.rng, work.n
    if n < work.level - 1:
        return None
    work.domain = "real"
    top = 1 + work.level
    point = (
        None
        if rng.random() < 0.5 and n > 1
        else tuple(Fraction(rng.choice((1, 1, 2, -1, 3))) for _ in range(n))
    )
    names = list(range(n))
    forms: list[Terms] = []
    weights = []
    for i in range(n):  # triangular: the i-th form starts with the i-th variable
        p = rng.choice((1, 2, 2, 3) if i + 1 < n else (1,))
        head = [variable(i, n, p)]
        for j in names[i + 1 :]:
            q = rng.choice((0, 1, -1, 1, -1, 2, -2))
            if q:
                head.append(variable(j, n, q))
        if point is not None:
            value = sum((t.coef * at(point, t.exps) for t in head), Fraction(0))
            if value:
                head.append(number(-value, n))
        if any(abs(t.coef) > top + 2 for t in head):
            return None
        forms.append(normal(primitive(head)[0]))
        weights.append(rng.choice((1, 1, 2, 3)))
    total = collect(
        t.times(w) for w, form in zip(weights, forms, strict=True) for t in expand(form)
    )
    content = gcd(*(int(t.coef) for t in total))
    total = [t.times(Fraction(1, content)) for t in total]
    left, right = split(total)
    if max(abs(t.coef) for t in total) > size_limit(work) // 2 or len(total) > 10:
        return None
    if not any(len(f) > 1 for f in forms) or len(left) < 2 or not right:
        return None
    facts = [
        work.step(f"{squared_form(work, form)} >= 0", "square", expr=work.say(form))
        for form in forms
    ]
    goal = goal_text(work, total)
    if goal is None:
        return None
    fields: dict[str, Any] = {"of": facts}
    if len(set(weights)) > 1:
        fields["weights"] = weights
    work.step(goal, "combine", **fields)
    return finish(work, goal, family(forms, " complete"), equality(forms, point, work))


def squared_form(work: Work, form: Sequence[Mono]) -> str:
    if len(form) == 1:
        return work.say([form[0] ** 2])
    return f"({work.say(form)})^2"


def _squares_at(
    work: Work, factors: Sequence[Fraction], bases: Sequence[Mono], values: Sequence[Fraction]
) -> tuple[list[str], Terms]:
    """A step k*(m - s)^2 >= 0 for each base: their names, and the sum of their left sides."""
    facts, lhs = [], []
    for k, m, s in zip(factors, bases, values, strict=True):
        terms = [(m**2).times(k), number(k * s * s, work.n), m.times(-2 * k * s)]
        fields: dict[str, Any] = {"expr": work.say([m, number(-s, work.n)])}
        if k != 1:
            fields = {"expr": [fields["expr"]], "weights": [k.numerator]}
        facts.append(work.step(relation(work, terms), "square", **fields))
        lhs += terms
    return facts, lhs


def _extra(work: Work, point: Point) -> Terms | None:
    """One more square that vanishes at the point, in two variables at least."""
    form = binomial(work, point)
    if form is None or len(form) < 2:
        return None
    form = normal(form)
    return form if len(used(t.exps for t in form)) > 1 else None


def given_sum(work: Work) -> Sketch | None:
    """Squares of a - s, with a sum given: a^2+b^2+c^2 >= 3 where a+b+c = 3."""
    rng, n = work.rng, work.n
    if n < work.level - 1:
        return None
    work.domain = "real"
    pairs = n == 3 and rng.random() < 0.3
    bases = [variable(i, n) for i in range(n)]
    if pairs:
        bases = [variable(i, n) * variable((i + 1) % n, n) for i in range(n)]
    extra = rng.random() < 0.5 and n > 1
    ones = pairs or extra
    point = [Fraction(1 if ones else rng.choice((1, 1, 2, 3))) for _ in range(n)]
    values = [at(tuple(point), m.exps) for m in bases]
    factors = [Fraction(rng.choice((1, 1, 1, 2, 3))) for _ in bases]
    weights = [k * s for k, s in zip(factors, values, strict=True)]
    small = [t.coef for t in primitive([number(w, n) for w in weights])[0]]
    times = 2 * weights[0] / small[0]
    total = sum((g * s for g, s in zip(small, values, strict=True)), Fraction(0))
    condition = [m.times(g) for m, g in zip(bases, small, strict=True)]
    work.given.append(f"{work.say(condition)} = {work.say([number(total, n)])}")
    facts, lhs = _squares_at(work, factors, bases, values)
    name = f"{'pairs' if pairs else 'single'} {n}"
    if extra:
        form = _extra(work, tuple(point))
        if form is None:
            return None
        facts.append(state(work, form).id)
        lhs += expand(form)
        name += " " + family([form], " extra")
    full = collect(lhs)
    added = work.step(relation(work, full), "combine", of=facts)
    known = {t.exps: t.coef for t in condition}
    rest = collect([*full, *(t.times(times) for t in condition), number(-times * total, n)])
    if any(t.exps in known for t in rest) and not extra:
        return None
    left = [t for t in rest if not t.is_number]
    bound = -sum((t.coef for t in rest if t.is_number), Fraction(0))
    if not left or bound <= 0 or len(left) > 7:
        return None
    left, (right,) = primitive(left, [number(bound, n)])
    goal = work.ge(ordered(left), [right])
    if max(abs(t.coef) for t in left) > size_limit(work) or right.coef > 200:
        return None
    step: dict[str, Any] = {"of": [added, "given"]}
    if times != 1:
        step["weights"] = [1, int(times)]
    work.step(goal, "combine", **step)
    shape = ",".join(sorted(str(k) for k in factors))
    claimed = {"point": {v: str(x) for v, x in zip(work.names, point, strict=True)}}
    return finish(work, goal, f"given-squares {name} {shape}", claimed)


PLANS: dict[int, Sequence[str]] = {
    1: ("2", "2", "2", "2", "22", "22", "22", "3", "111"),
    2: ("222", "222", "23", "23", "33"),
    3: ("2222", "223", "233", "33"),
    4: ("2223", "2233", "333"),
}

TEMPLATES: tuple[Template, ...] = (
    Template("sos-squares", squares(PLANS), (1, 2, 3, 4), (1, 2, 3, 4), 6),
    Template("sos-cyclic", shifted_square, (3, 4), (2,), 2),
    Template("sos-scaled", times_factor, (2, 3, 4), (2, 3, 4), 2),
    Template("sos-given-sum", given_sum, (2, 3, 4), (3, 4), 3),
    Template("sos-complete", complete, (2, 3, 4), (3, 4), 3),
)
