"""Cauchy-Schwarz: products of sums of squares, and sums of fractions (Titu's form)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd

from olympiad_ineq.data_gen.symbolic.algebra import (
    Exps,
    Mono,
    Terms,
    collect,
    factor,
    mono,
    number,
    over,
    pattern,
    primitive,
    reading,
    shifted,
    squared,
    used,
    variable,
)
from olympiad_ineq.data_gen.symbolic.means import (
    at,
    build,
    cubes,
    family,
    ones,
    place,
    two,
)
from olympiad_ineq.data_gen.symbolic.sketch import Point, Sketch, Template, Work

NUMERATOR_LIMIT = {1: 4, 2: 6, 3: 9, 4: 12}


@dataclass(frozen=True, slots=True)
class Part:
    """One fraction num^2/den of Titu's form."""

    num: Mono
    den: tuple[Mono, ...]

    def shifted(self, by: int) -> "Part":
        return Part(shifted(self.num, by), tuple(shifted(t, by) for t in self.den))


def tidy_sum(terms: Sequence[Mono]) -> Terms:
    return sorted(collect(terms), key=lambda t: (t.is_number, -t.degree, reading(t)))


def show_parts(work: Work, parts: Sequence[Part]) -> str:
    """The sum of num^2/den, fractions with one monomial below written as such."""
    return "+".join(
        work.say([p.num**2 / p.den[0]]) if len(p.den) == 1 else over([p.num**2], p.den, work.names)
        for p in parts
    )


def ratio(top: Sequence[Mono], bottom: Sequence[Mono]) -> Fraction | None:
    """top/bottom where that is a number."""
    left, right = ({t.exps: t.coef for t in side} for side in (top, bottom))
    if left.keys() != right.keys():
        return None
    values = {left[e] / right[e] for e in left}
    return values.pop() if len(values) == 1 else None


def quotient(work: Work, top: Terms, bottom: Terms) -> str:
    """top^2/bottom as a person would leave it."""
    constant = ratio(top, bottom)
    if constant is not None:
        (whole,) = primitive(top)
        outside = constant * top[0].coef / whole[0].coef
        return over(
            [t.times(outside.numerator) for t in whole],
            [number(outside.denominator, work.n)],
            work.names,
        )
    if len(top) == 1 and len(bottom) == 1:
        return work.say([top[0] ** 2 / bottom[0]])
    small_top, small_bottom = primitive(top)[0], primitive(bottom)[0]
    outside = (top[0].coef / small_top[0].coef) ** 2 / (bottom[0].coef / small_bottom[0].coef)
    if len(top) == 1:
        return over(
            [(small_top[0] ** 2).times(outside.numerator)],
            [t.times(outside.denominator) for t in small_bottom],
            work.names,
        )
    above = squared(small_top, work.names)
    if outside.numerator != 1:
        above = f"{outside.numerator}*{above}"
    below = over(
        [number(1, work.n)], [t.times(outside.denominator) for t in small_bottom], work.names
    )
    return above if below == "1" else above + below[1:]


def titu(work: Work, parts: Sequence[Part]) -> tuple[str, str, str]:
    """State Titu's form; the id and the two sides."""
    top = tidy_sum([p.num for p in parts])
    bottom = tidy_sum([t for p in parts for t in p.den])
    lhs, rhs = show_parts(work, parts), quotient(work, top, bottom)
    step = work.step(
        f"{lhs} >= {rhs}",
        "titu",
        nums=[work.say([p.num]) for p in parts],
        dens=[work.say(p.den) for p in parts],
    )
    return step, lhs, rhs


def structure(kind: str, parts: Sequence[Part]) -> str:
    blocks = [("", [(0, p.num.exps)] + [(1, t.exps) for t in p.den]) for p in parts]
    return f"{kind} {pattern(blocks)}"


def draw_den(work: Work) -> Terms:
    """A denominator: a, 2a, a+b, a+2b, a+1, and from level 2 ab, a^2, a+b+c."""
    rng, n = work.rng, work.n
    i, j = rng.sample(range(n), 2) if n > 1 else (0, 0)
    small = rng.choice((1, 1, 2, 3))
    kinds = ["a", "a", "ka", "a+1"] + (["a+b", "a+kb"] if n > 1 else [])
    if work.level >= 2:
        kinds += ["ka+1", "aa+1"] + (["ab", "ab+1"] if n > 1 else [])
        kinds += ["ka+lb"] if work.level > 2 and n > 1 else []
        kinds += ["a+b+c"] if n > 2 else []
    kind = rng.choice(kinds)
    one = variable(i, n)
    match kind:
        case "a":
            return [one]
        case "ka":
            return [variable(i, n, small)]
        case "a+1":
            return [one, number(small, n)]
        case "ka+1":
            return [variable(i, n, small), number(rng.choice((1, 2, 3)), n)]
        case "aa+1":
            return [variable(i, n, 1, 2), number(small, n)]
        case "a+b":
            return [one, variable(j, n)]
        case "a+kb":
            return [one, variable(j, n, rng.choice((2, 3)))]
        case "ka+lb":
            return [variable(i, n, 2), variable(j, n, 3)]
        case "ab":
            return [one * variable(j, n)]
        case "ab+1":
            return [one * variable(j, n), number(1, n)]
        case _:
            return [variable(k, n) for k in rng.sample(range(n), 3)]


def draw_num(work: Work) -> Exps:
    rng, n = work.rng, work.n
    if rng.random() < 0.55:
        return (0,) * n
    exps = variable(rng.randrange(n), n).exps
    if work.level >= 2 and rng.random() < 0.1:
        return (variable(rng.randrange(n), n) * mono(1, exps)).exps
    return exps


def sharp_parts(work: Work, raw: Sequence[tuple[Exps, Terms]], point: Point) -> list[Part] | None:
    """Give the numerators the numbers that make all num/den equal at the point."""
    n = work.n
    factors = [
        sum((t.coef * at(point, t.exps) for t in den), Fraction(0)) / at(point, exps)
        for exps, den in raw
    ]
    (scaled,) = primitive([number(f, n) for f in factors])
    parts = []
    for (exps, den), k in zip(raw, scaled, strict=True):
        if k.coef > NUMERATOR_LIMIT[work.level]:
            return None
        part = Part(Mono(k.coef, exps), tuple(sorted(den, key=reading)))
        if len(den) == 1:
            shown = part.num**2 / den[0]
            below = used([den[0].exps])
            if used([exps]) & below or gcd(int(part.num.coef) ** 2, int(den[0].coef)) > 1:
                return None
            if shown.is_number:
                return None
        elif gcd(int(part.num.coef), *(int(t.coef) for t in den)) > 1:
            return None
        parts.append(part)
    for p, q in pairwise(parts):
        left, right = collect(p.num * t for t in q.den), collect(q.num * t for t in p.den)
        if ratio(left, right) is not None:
            return None
    if len({tuple(sorted((t.exps, t.coef) for t in p.den)) for p in parts}) < len(parts):
        return None
    return parts


def draw_point(work: Work) -> Point:
    rng, n = work.rng, work.n
    values = [Fraction(1)] * n
    for index in rng.sample(
        range(n), min(n, rng.choice({1: (0, 1), 2: (0, 1)}.get(work.level, (1, 2))))
    ):
        values[index] = Fraction(rng.choice((2, 3)))
    return tuple(values)


def draw_parts(work: Work, count: int) -> tuple[list[Part], Point] | None:
    point = draw_point(work)
    parts = sharp_parts(work, [(draw_num(work), draw_den(work)) for _ in range(count)], point)
    if parts is None or len(used(e for p in parts for e in vectors(p))) < work.n:
        return None
    bottom = tidy_sum([t for p in parts for t in p.den])
    top = tidy_sum([p.num for p in parts])
    if len(bottom) > 2 + work.level or len(top) > 1 + work.level:
        return None
    if max(int(t.coef) for t in bottom + top) > 5 * work.level + 4:
        return None
    return parts, point


def vectors(part: Part) -> list[Exps]:
    return [part.num.exps, *(t.exps for t in part.den)]


def relabel(parts: Sequence[Part], point: Point) -> tuple[list[Part], Point]:
    """Rename variables in the order in which the denominators name them."""
    n = len(point)
    order: list[int] = []
    for part in parts:
        for exps in [*(t.exps for t in part.den), part.num.exps]:
            order += [i for i in range(n) if exps[i] and i not in order]
    order += [i for i in range(n) if i not in order]

    def move(term: Mono) -> Mono:
        return Mono(term.coef, tuple(term.exps[i] for i in order))

    moved = [Part(move(p.num), tuple(sorted(map(move, p.den), key=reading))) for p in parts]
    return moved, tuple(point[i] for i in order)


def fractions(count: dict[int, Sequence[int]]) -> Callable[[Work], Sketch | None]:
    """Titu's form, once."""

    def make(work: Work) -> Sketch | None:
        drawn = draw_parts(work, work.rng.choice(count[work.level]))
        if drawn is None:
            return None
        parts, point = relabel(*drawn)
        _, lhs, rhs = titu(work, parts)
        return work.finish(f"{lhs} >= {rhs}", structure("titu", parts), point)

    return make


def cleared(work: Work) -> Sketch | None:
    """Titu's form multiplied by the denominator: (a+b)(1/a+4/b) >= 9."""
    drawn = draw_parts(work, work.rng.choice((2, 2, 3)))
    if drawn is None:
        return None
    parts, point = relabel(*drawn)
    top = tidy_sum([p.num for p in parts])
    bottom = tidy_sum([t for p in parts for t in p.den])
    if len(bottom) < 2 or ratio(top, bottom) is not None:
        return None
    step, lhs, _ = titu(work, parts)
    left = f"{factor(bottom, work.names)}*({lhs})"
    goal = f"{left} >= {squared(top, work.names)}"
    work.step(goal, "scale", of=[step], expr=work.say(bottom))
    return work.finish(goal, structure("cleared", parts), point)


Piece = tuple[Fraction, tuple[Mono, ...]]


def show_pieces(work: Work, pieces: Sequence[Piece]) -> str:
    """A sum of numbers over denominators, like ones added."""
    sums: dict[frozenset[Mono], Fraction] = {}
    first: dict[frozenset[Mono], tuple[Mono, ...]] = {}
    for value, bottom in pieces:
        key = frozenset(bottom)
        sums[key] = sums.get(key, Fraction(0)) + value
        first.setdefault(key, bottom)
    shown = []
    for key, value in sums.items():
        below = [t.times(value.denominator) for t in first[key]]
        if len(below) == 1:
            shown.append(work.say([number(value.numerator, work.n) / below[0]]))
        else:
            shown.append(over([number(value.numerator, work.n)], below, work.names))
    return "+".join(shown)


def cyclic_fractions(work: Work) -> Sketch | None:
    """Titu's form whose fractions are the cyclic versions of one: a^2/(b+2c) + ... >= ..."""
    n = work.n
    first = sharp_parts(work, [(draw_num(work), draw_den(work))] * 1, ones(n))
    if first is None:
        return None
    base = Part(mono(1, first[0].num.exps), first[0].den)
    if used(vectors(base)) == set() or (len(base.den) == 1 and base.den[0].coef > 1):
        return None
    parts = [base.shifted(i) for i in range(n)]
    distinct = {frozenset(p.den) for p in parts}
    bottom = tidy_sum([t for p in parts for t in p.den])
    left, right = (
        collect(parts[0].num * t for t in parts[1].den),
        collect(parts[1].num * t for t in parts[0].den),
    )
    if len(distinct) < n or ratio(left, right) is not None or len(bottom) > n + 1:
        return None
    start = min(range(n), key=lambda i: [reading(t) for t in (parts[i].num, *parts[i].den)])
    parts = parts[start:] + parts[:start]
    _, lhs, rhs = titu(work, parts)
    return work.finish(f"{lhs} >= {rhs}", structure("titu-cyclic", parts), ones(n))


def cyclic_of_two(work: Work) -> Sketch | None:
    """Titu for two fractions, then its cyclic versions added: 1/a+1/b+1/c >= 2/(a+b)+..."""
    n = work.n
    raw = [((0,) * n, draw_den(work)) for _ in range(2)]
    parts = sharp_parts(work, raw, ones(n))
    if parts is None:
        return None
    parts, _ = relabel(parts, ones(n))
    bottom = tidy_sum([t for p in parts for t in p.den])
    if not 2 <= len(bottom) <= 3 or all(len(used([t.exps for t in p.den])) == 0 for p in parts):
        return None
    top = sum((p.num.coef for p in parts), Fraction(0))
    (small,) = primitive(bottom)
    outside = top**2 * small[0].coef / bottom[0].coef
    pieces: list[Piece] = [(p.num.coef**2, p.den) for p in parts]
    target: Piece = (outside, tuple(small))
    lhs = [(v, tuple(shifted(t, by) for t in den)) for v, den in pieces for by in range(n)]
    rhs = [(target[0], tuple(shifted(t, by) for t in target[1])) for by in range(n)]
    if {frozenset(b) for _, b in lhs} & {frozenset(b) for _, b in rhs}:
        return None
    if len({frozenset(b) for _, b in rhs}) < n:
        return None
    facts = [titu(work, parts)[0]]
    for by in range(1, n):
        left = [(v, tuple(shifted(t, by) for t in den)) for v, den in pieces]
        right = [(target[0], tuple(shifted(t, by) for t in target[1]))]
        claim = f"{show_pieces(work, left)} >= {show_pieces(work, right)}"
        facts.append(work.step(claim, "cyclic", of=[facts[0]]))
    goal = f"{show_pieces(work, lhs)} >= {show_pieces(work, rhs)}"
    work.step(goal, "combine", of=facts)
    return work.finish(goal, structure("titu-two-cyclic", parts), ones(n))


def common(terms: Sequence[Mono]) -> bool:
    """Whether one variable divides every term."""
    return any(min(column) > 0 for column in zip(*(t.exps for t in terms), strict=True))


def renamed(
    columns: Sequence[tuple[Mono, Mono]], point: Point
) -> tuple[list[tuple[Mono, Mono]], Point]:
    """Rename variables in the order of their appearance."""
    order: list[int] = []
    for term in [x for x, _ in columns] + [y for _, y in columns]:
        order += [i for i, e in enumerate(term.exps) if e and i not in order]
    order += [i for i in range(len(point)) if i not in order]

    def move(term: Mono) -> Mono:
        return Mono(term.coef, tuple(term.exps[i] for i in order))

    return [(move(x), move(y)) for x, y in columns], tuple(point[i] for i in order)


def squares(count: dict[int, Sequence[int]]) -> Callable[[Work], Sketch | None]:
    """(x1^2 + x2^2)(y1^2 + y2^2) >= (x1 y1 + x2 y2)^2 for monomials, any real numbers."""

    def make(work: Work) -> Sketch | None:
        rng, n = work.rng, work.n
        work.domain = "real"
        size = rng.choice(count[work.level])
        point = draw_point(work) if rng.random() < 0.5 else ones(n)
        pool = [(0,) * n] * 2 + [variable(i, n).exps for i in range(n)] * 3
        pool += [variable(i, n, 1, 2).exps for i in range(n)]
        if n > 1:
            pool.append(variable(0, n).exps)
            i, j = rng.sample(range(n), 2)
            pool.append((variable(i, n) * variable(j, n)).exps)
        xs = [mono(1, rng.choice(pool)) for _ in range(size)]
        ys = [mono(1, rng.choice(pool)) for _ in range(size)]
        # Numbers on the second factor such that x/y is the same everywhere at the point.
        ratios = [at(point, x.exps) / at(point, y.exps) for x, y in zip(xs, ys, strict=True)]
        if size == 2 and rng.random() < 0.3:
            xs[0], ratios[0] = xs[0].times(2), ratios[0] * 2
        scaled = primitive([number(r, n) for r in ratios])[0]
        ys = [y.times(k.coef) for y, k in zip(ys, scaled, strict=True)]
        if all(x.is_number for x in xs):
            xs, ys = ys, xs
        columns = sorted(zip(xs, ys, strict=True), key=lambda c: (reading(c[0]), reading(c[1])))
        columns, point = renamed(columns, point)
        xs, ys = [x for x, _ in columns], [y for _, y in columns]
        if max(t.coef for t in xs + ys) > 3 + work.level:
            return None
        if len(used(t.exps for t in xs + ys)) < n or len({t.exps for t in xs}) < size:
            return None
        if len({t.exps for t in ys}) < size and not all(t.is_number for t in ys):
            return None
        if common(xs) or common(ys) or sum(x == y for x, y in columns) > 0:
            return None
        if ratio(collect(x**2 for x in xs), collect(y**2 for y in ys)) is not None:
            return None
        if ratio(collect([columns[0][0] * columns[1][1]]), [columns[1][0] * columns[0][1]]):
            return None
        inner = collect(x * y for x, y in zip(xs, ys, strict=True))
        if len(inner) < size:
            return None
        left = tidy_sum([x**2 for x in xs])
        right = tidy_sum([y**2 for y in ys])
        inner = tidy_sum(inner)
        if all(t.is_number for t in right):
            sides = f"{right[0].coef}*{factor(left, work.names)}"
        else:
            sides = f"{factor(left, work.names)}*{factor(right, work.names)}"
        goal = f"{sides} >= {squared(inner, work.names)}"
        work.step(goal, "cauchy", x=[work.say([x]) for x in xs], y=[work.say([y]) for y in ys])
        both = [
            f"cauchy {pattern([('', [(1, p.exps), (2, q.exps)]) for p, q in pairs])}"
            for pairs in (zip(xs, ys, strict=True), zip(ys, xs, strict=True))
        ]
        return work.finish(goal, min(both), point)

    return make


# -- conditions and mixtures ---------------------------------------------------------------------


def fractions_given(work: Work) -> Sketch | None:
    """Titu's form where the condition turns the right side into a number."""
    rng, n = work.rng, work.n
    drawn = draw_parts(work, rng.choice({2: (2,), 3: (2, 3)}.get(work.level, (3, 4))))
    if drawn is None:
        return None
    parts, point = relabel(*drawn)
    top = tidy_sum([p.num for p in parts])
    bottom = tidy_sum([t for p in parts for t in p.den])
    moving = [t for t in bottom if not t.is_number]
    if len(moving) < 2 or len(moving) > 4 or len(used(t.exps for t in moving)) < n:
        return None
    condition = primitive(moving)[0]
    lines = [t for t in top if not t.is_number]
    if lines and ratio(lines, condition) is None:
        return None
    total = sum((t.coef * at(point, t.exps) for t in condition), Fraction(0))
    above = sum((t.coef * at(point, t.exps) for t in top), Fraction(0))
    below = sum((t.coef * at(point, t.exps) for t in bottom), Fraction(0))
    value = above**2 / below
    if value.numerator > 60 or value.denominator > 12 or total > 30:
        return None
    work.given.append(f"{work.say(condition)} = {work.say([number(total, n)])}")
    step, lhs, _ = titu(work, parts)
    goal = f"{lhs} >= {work.say([number(value, n)])}"
    work.step(goal, "combine", of=[step])
    return work.finish(goal, structure("titu-given", parts), point)


def cyclic_given(work: Work) -> Sketch | None:
    """a^2/(b+c) + b^2/(c+a) + c^2/(a+b) >= 3/2 where a+b+c = 3."""
    n, rng = work.n, work.rng
    side = Fraction(rng.choice((1, 1, 2, 3))) if rng.random() < 0.7 else Fraction(1, n)
    point = (side,) * n
    sums = [variable(i, n) for i in range(n)]
    den = draw_den(work)
    if any(t.degree > 1 for t in den):
        return None
    exps = (0,) * n if rng.random() < 0.5 else variable(rng.randrange(n), n).exps
    base = Part(mono(1, exps), tuple(den))
    if work.level == 4 and len(den) == 1:
        return None
    if len(den) == 1 and (den[0].coef > 1 or used([exps]) & used([den[0].exps])):
        return None
    parts = [base.shifted(i) for i in range(n)]
    if len({frozenset(p.den) for p in parts}) < n:
        return None
    top = tidy_sum([p.num for p in parts])
    bottom = tidy_sum([t for p in parts for t in p.den])
    above = sum((t.coef * at(point, t.exps) for t in top), Fraction(0))
    below = sum((t.coef * at(point, t.exps) for t in bottom), Fraction(0))
    value = above**2 / below
    if value.denominator > 12:
        return None
    start = min(range(n), key=lambda i: [reading(t) for t in (parts[i].num, *parts[i].den)])
    parts = parts[start:] + parts[:start]
    work.given.append(f"{work.say(sums)} = {work.say([number(n * side, n)])}")
    step, lhs, _ = titu(work, parts)
    goal = f"{lhs} >= {work.say([number(value, n)])}"
    work.step(goal, "combine", of=[step])
    return work.finish(goal, structure("titu-cyclic-given", parts), point)


def squares_given(work: Work) -> Sketch | None:
    """x^2+y^2+z^2 >= 9 where x+2y+2z = 9, or (x+2y+2z)^2 <= 81 where x^2+y^2+z^2 = 9."""
    n, rng = work.n, work.rng
    if n < work.level - 1:
        return None
    work.domain = "real"
    size = n
    coefs = [rng.choice((1, 1, 2, 3)) for _ in range(size)]
    outer = [rng.choice((1, 1, 1, 2)) for _ in range(size)]
    kind = rng.choice(("a", "a", "ab") if n == 3 else ("a",))
    bases = [variable(i, n) for i in range(n)]
    if kind == "ab":
        bases = [variable(i, n) * variable((i + 1) % n, n) for i in range(n)]
        coefs, outer = [1] * n, [1] * n
    xs = [m.times(k) for m, k in zip(bases, outer, strict=True)]
    times = rng.choice((1, 1, 2))
    inner = [x.times(k) for x, k in zip(xs, coefs, strict=True)]
    if kind == "a" and any(times * k % o for k, o in zip(coefs, outer, strict=True)):
        return None
    point = tuple(Fraction(times * k, o) for k, o in zip(coefs, outer, strict=True))
    if kind == "ab":
        point, times = (Fraction(1),) * n, 1
    weight = sum(k * k for k in coefs)
    squares_ = [x**2 for x in xs]
    forward = rng.random() < 0.6
    product = f"{weight}*{factor(squares_, work.names)} >= {squared(inner, work.names)}"
    if forward:
        work.given.append(f"{work.say(inner)} = {times * weight}")
        goal = f"{work.say(squares_)} >= {times * times * weight}"
    else:
        work.given.append(f"{work.say(squares_)} = {times * times * weight}")
        goal = f"{squared(inner, work.names)} <= {(times * weight) ** 2}"
    if (times * weight) ** 2 > 900 or weight == 1:
        return None
    step = work.step(product, "cauchy", x=[work.say([x]) for x in xs], y=[str(k) for k in coefs])
    work.step(goal, "combine", of=[step])
    rows = sorted(zip(coefs, outer, strict=True))
    name = f"cauchy-given {kind} {n} {'sum' if forward else 'squares'} {rows}"
    return work.finish(goal, name, point)


def nesbitt(work: Work) -> Sketch | None:
    """a/(b+kc) + b/(c+ka) + c/(a+kb) >= 3/(k+1): Titu, then (a+b+c)^2 >= 3(ab+bc+ca)."""
    n, rng = 3, work.rng
    p, q = rng.choice(((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (1, 4), (1, 5)))
    a, b, c = (variable(i, n) for i in range(n))
    dens = [[b.times(p), c.times(q)], [c.times(p), a.times(q)], [a.times(p), b.times(q)]]
    tops = [a, b, c]
    lhs = "+".join(over([t], d, work.names) for t, d in zip(tops, dens, strict=True))
    pairs = [a * b, b * c, c * a]
    full = [[t * m for m in d] for t, d in zip(tops, dens, strict=True)]
    names = work.names
    sums, products = work.say(tops), work.say(pairs)
    one = work.step(
        f"{lhs} >= ({sums})^2/({p + q}*({products}))",
        "titu",
        nums=[work.say([t]) for t in tops],
        dens=[work.say(d) for d in full],
    )
    two = work.step(
        f"{work.say([t**2 for t in tops])} >= {products}",
        "square",
        expr=[f"{names[0]}-{names[1]}", f"{names[1]}-{names[2]}", f"{names[2]}-{names[0]}"],
    )
    bound = Fraction(3, p + q)
    three = work.step(
        f"({sums})^2/({p + q}*({products})) >= {work.say([number(bound, n)])}",
        "scale",
        of=[two],
        expr=f"1/({products})",
    )
    goal = f"{lhs} >= {work.say([number(bound, n)])}"
    work.step(goal, "combine", of=[one, three])
    return work.finish(goal, f"nesbitt {min(p, q) != max(p, q)}", ones(n), True)


def mixed(work: Work) -> Sketch | None:
    """Titu's form and a mean, added."""
    n, rng = work.n, work.rng
    size = rng.choice([s for s in (1, 2, 3) if s <= n])
    point = ones(n)
    shape = rng.choice([s for s in (*two(size), *cubes(size)) if s.size == size])
    atom = build(work, shape, place(work, shape), (0,) * size, point, rng.choice((1, 1, 2)))
    raw = [(draw_num(work), draw_den(work)) for _ in range(rng.choice((2, 2, 3)))]
    parts = sharp_parts(work, raw, point)
    if parts is None or atom is None:
        return None
    if len(used([*(e for p in parts for e in vectors(p)), *(e for _, e in atom.rows)])) < n:
        return None
    atom = atom.renamed(range(n))
    bottom = tidy_sum([t for p in parts for t in p.den])
    if len(bottom) > 4 or len(tidy_sum([p.num for p in parts])) > 3:
        return None
    step, left, right = titu(work, parts)
    fact = atom.state(work)
    goal = f"{left}+{work.say(fact.lhs)} >= {right}+{work.say(fact.rhs)}"
    work.step(goal, "combine", of=[step, fact.id])
    return work.finish(goal, f"{structure('titu', parts)} with {family('mean', [atom])}", point)


TEMPLATES: tuple[Template, ...] = (
    Template(
        "titu", fractions({1: (2,), 2: (2, 3), 3: (3,), 4: (3, 4)}), (1, 2, 3, 4), (1, 2, 3, 4), 4
    ),
    Template("titu-cleared", cleared, (2, 3, 4), (2, 3, 4), 2),
    Template("titu-cyclic", cyclic_fractions, (3, 4), (2,), 2),
    Template("titu-given", fractions_given, (2, 3, 4), (2, 3, 4), 4),
    Template("titu-cyclic-given", cyclic_given, (3, 4), (3, 4), 2),
    Template("cauchy-given", squares_given, (2, 3, 4), (2, 3, 4), 2),
    Template("nesbitt", nesbitt, (3,), (4,), 1),
    Template("titu-mixed", mixed, (2, 3, 4), (3, 4), 4),
    Template("titu-two-cyclic", cyclic_of_two, (3, 4), (2, 3), 2),
    Template(
        "cauchy", squares({1: (2,), 2: (2, 3), 3: (3,), 4: (3, 4)}), (1, 2, 3, 4), (1, 2, 3, 4), 3
    ),
)
