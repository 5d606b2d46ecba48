"""Each way to make a theorem, at random: what it makes holds at random rational points."""

from __future__ import annotations

import contextlib
import math
import random
import re
from fractions import Fraction
from itertools import permutations

import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from olympiad_ineq.kernel import theorem as k
from olympiad_ineq.kernel.rational import Frac, IllPosed, Limit, World
from olympiad_ineq.kernel.theorem import Broken, Theorem
from olympiad_ineq.language.parse import parse_expr, parse_statement
from tests.proof.fuzz import points

NAMES = ["a", "b", "c"]
DOMAINS = st.sampled_from(["positive", "nonnegative", "real", "triangle"])
GIVEN = st.sampled_from(
    [(), (), ("a+b+c = 1",), ("a*b*c = 1",), ("a >= b",), ("a > 1",), ("a = b",), ("a*b = c^2",)]
)
TEXTS = st.sampled_from(
    ["a", "b", "a-b", "a+b", "b+c-a", "a*b-c", "a^2", "(a-b)^2", "a/(b^2+1)", "1-a", "a*b*c",
     "a^2-a*b+b^2", "1/(a+b)", "c^3", "2", "-1", "0", "a+1"]
)  # fmt: skip


def make(domain: str, hypotheses: tuple[str, ...]) -> World:
    return World(parse_statement(NAMES, domain, hypotheses, "a >= 0"))


def at(world: World, f: Frac, point: dict[str, Fraction]) -> Fraction:
    """The quotient's value in Python's fractions."""

    def value(p: object) -> Fraction:
        total = Fraction(0)
        for m, c in p.terms():  # type: ignore[attr-defined]
            term = Fraction(int(fmpq(c).p), int(fmpq(c).q))
            for name, e in zip(NAMES, m, strict=True):
                term *= point[name] ** int(e)
            total += term
        return total

    below = Fraction(1)
    for key, n in f.den.items():
        factor = value(world.factors[key])
        assert factor > 0, (key, point)
        below *= factor**n
    return value(f.num) / below


def holds(t: Theorem) -> None:
    """The theorem at random allowed points; its denominators are positive there."""
    rng = random.Random(str(t.diff.num))
    for point in points(t.world.statement, rng, 12):
        value = at(t.world, t.diff, point)
        assert {">": value > 0, ">=": value >= 0, "=": value == 0}[t.op], (t.diff.num, t.op, point)


def some(world: World, texts: list[str]) -> list[Theorem]:
    """Theorems to combine: hypotheses, signs, squares, identities, as far as they are had."""
    found = [k.given(world, i) for i in range(len(world.given))]
    for text in texts:
        expr = parse_expr(text, NAMES)
        try:
            value = world.frac(expr)
        except IllPosed:
            continue
        found.append(k.square(world, value))
        for make_one in (lambda v=value: k.signed(world, v), lambda e=expr: k.signed(world, e),
                         lambda v=value: k.vanishing(world, v)):  # fmt: skip
            try:
                found.append(make_one())  # type: ignore[no-untyped-call]
            except Broken:
                continue
    return found


@settings(max_examples=120, deadline=None)
@given(DOMAINS, GIVEN, st.lists(TEXTS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_what_is_made_holds(
    domain: str, hypotheses: tuple[str, ...], texts: list[str], rng: random.Random
) -> None:
    world = make(domain, hypotheses)
    found = some(world, texts)
    assume(found)  # none, where no text is defined on the domain
    values = [t.diff for t in found]
    for _ in range(6):
        s, t = rng.choice(found), rng.choice(found)
        value = rng.choice(values)
        number = fmpq(rng.randint(-2, 3), rng.randint(1, 3))
        order = rng.sample(NAMES, 3)
        tries = (
            lambda s=s, t=t, n=number: k.combined(world, [(n, s), (fmpq(2), t)]),
            lambda s=s, t=t: k.product(s, t),
            lambda s=s, v=value: k.scaled(s, v),
            lambda s=s, t=t, v=value: k.amgm([(1, s), (1, t)], v),
            lambda s=s, t=t: k.amgm([(2, s), (1, t)], s.diff),
            lambda s=s, o=order: k.permuted(s, o),
            lambda v=value: k.ordered(world, v.num),
        )
        try:
            found.append(rng.choice(tries)())  # type: ignore[no-untyped-call]
        except (Broken, Limit):
            continue
    for t in found:
        holds(t)


@settings(max_examples=60, deadline=None)
@given(DOMAINS, GIVEN, TEXTS, TEXTS, st.sampled_from([">=", ">", "="]))
def test_what_is_restated_holds(
    domain: str, hypotheses: tuple[str, ...], one: str, two: str, op: str
) -> None:
    """From a theorem any fact is asked for; what is given holds, and the exact one is given."""
    world = make(domain, hypotheses)
    try:
        claim = parse_statement(NAMES, domain, [], f"({one})*({two}) {op} ({two})^2").goal
        (fact,) = world.links(claim)
    except IllPosed:
        return
    for t in some(world, [one, two, f"({one})-({two})"]):
        for factor in (None, *(x for x in some(world, [two, "a+b"]) if x.op == ">")):
            for up, down in ((factor, None), (None, factor)):
                try:
                    holds(k.restated(t, fact, up, down))
                except Broken:
                    continue
        links = world.links(parse_statement(NAMES, domain, [], "a >= a").goal)
        with pytest.raises(Broken):
            k.restated(t, links[0], k.square(world, t.diff))


@settings(max_examples=150, deadline=None)
@given(DOMAINS, GIVEN, TEXTS, TEXTS)
def test_what_follows_from_a_sum_and_a_product_holds(
    domain: str, hypotheses: tuple[str, ...], one: str, two: str
) -> None:
    """value >= 0 from any theorems about value + rest and value*rest."""
    world = make(domain, hypotheses)
    try:
        p, n = (world.frac(parse_expr(text, NAMES)) for text in (one, two))
    except IllPosed:
        return
    for value, rest in ((p, n), (world.sub(p, n), world.add(p, n)), (n, world.const(-1))):
        sums, products = world.add(value, rest), world.times(value, rest)
        known = some(world, [one, two, f"({one})^2-({two})^2", f"({one})*({two})"])
        for make_one in (k.signed, k.vanishing):
            for wanted in (sums, products):
                with contextlib.suppress(Broken):
                    known.append(make_one(world, wanted))
        for total in known:
            for times in known:
                with contextlib.suppress(Broken):
                    found = k.by_conjugate(total, times, value)
                    other = world.sub(total.diff, value)
                    assert world.equal(world.times(value, other), times.diff)
                    assert found.diff == value
                    holds(found)


ORDERS = st.lists(st.permutations(["a", "b", "c"]), min_size=1, max_size=3)
DIFFERENCES = st.sampled_from(
    ["(a-b)*(b-c)*(a-c)", "(a-b)*(a-c)+(b-a)*(b-c)+(c-a)*(c-b)", "a-c", "a*(b-c)", "(a-b)*(b-c)",
     "a^3+b^3+c^3-a^2*b-b^2*c-c^2*a", "(b-a)*(b-c)*(c-a)", "a^2*(a-b)+b^2*(b-a)", "a+b-2*c"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(DOMAINS, GIVEN, ORDERS, DIFFERENCES)
def test_what_holds_in_some_orders(
    domain: str, hypotheses: tuple[str, ...], orders: list[list[str]], text: str
) -> None:
    """Cases, with symmetry: what is concluded holds at every allowed point."""
    world, shown = make(domain, hypotheses), []
    for order in orders:
        inner = make(domain, (*hypotheses, " >= ".join(order)))
        p = inner.frac(parse_expr(text, NAMES)).num
        try:
            shown.append(k.ordered(inner, p))
        except (Broken, Limit):
            steps = [k.given(inner, i) for i in range(len(inner.given))]
            steps = [t for t in steps if t.op != "="]
            found = k.product(k.product(steps[-1], steps[-2]), steps[-1])
            shown.append(k.product(steps[-1], steps[-2]) if len(orders) > 1 else found)
        holds(shown[-1])
    with contextlib.suppress(Broken):
        holds(k.whatever_order(world, shown))


def test_assumptions_are_carried_and_settle_nothing() -> None:
    world = make("real", ())
    (fact,) = world.goal
    assumed = k.assume(world, fact, "s1")
    for t in (assumed, k.combined(world, [(fmpq(1), assumed)]), k.restated(assumed, fact),
              k.permuted(assumed, ["b", "a", "c"]), k.product(assumed, assumed)):  # fmt: skip
        assert t.assumed == {"s1"}
    with pytest.raises(Broken):
        k.settle(world, [k.restated(assumed, fact)])


@pytest.mark.parametrize("hypothesis", ["a >= b", "a > 1", "a+2*b = 3", "a = b^2", "a*b^2 = 1"])
def test_a_permutation_must_keep_the_hypotheses(hypothesis: str) -> None:
    world = make("positive", (hypothesis,))
    with pytest.raises(Broken):
        k.permuted(k.given(world, 0), ["b", "a", "c"])
    assert k.permuted(k.given(world, 0), NAMES).diff.num == world.given[0].diff.num


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "a+2*b", "a*b+1", "a^2+b*c", "2", "a+sqrt(b)"]),
        min_size=1,
        max_size=2,
    ),
    st.permutations(NAMES),
    st.randoms(use_true_random=False),
)
def test_an_image_is_the_value_at_the_permuted_point(
    inside: list[str], order: list[str], rng: random.Random
) -> None:
    """p's image at a point is p at the permuted point, roots included, however deep."""
    shifts = [dict(zip(NAMES, image, strict=True)) for image in permutations(NAMES)]
    text = "+".join(
        f"{k + 2}*sqrt({''.join(shift.get(x, x) if len(x) == 1 else x for x in split(one))})"
        for k, one in enumerate(inside)
        for shift in shifts
    )
    statement = parse_statement(NAMES, "positive", [], f"{text} >= 0")
    world = World(statement, roots=True)
    try:
        p = world.links(statement.goal)[0].diff.num
    except Limit:
        return
    point = {name: rng.uniform(0.5, 3) for name in NAMES}
    there = {v: point[w] for v, w in zip(NAMES, order, strict=True)}
    assert near(world, k.image(world, p, order), point) == pytest.approx(near(world, p, there))


def split(text: str) -> list[str]:
    return re.findall(r"[a-z]+|.", text)


def near(world: World, p: object, point: dict[str, float]) -> float:
    """p at a point, roots of roots included."""
    values = dict(point)
    for (key, degree), root in world.radicals.items():
        values[str(root)] = plain(world.factors[key], world, values) ** (1 / degree)
    return plain(p, world, values)


def plain(p: object, world: World, values: dict[str, float]) -> float:
    total = 0.0
    for m, c in p.terms():  # type: ignore[attr-defined]
        powers = [values[n] ** int(e) for n, e in zip(world.names, m, strict=True) if e]
        total += int(c.p) / int(c.q) * math.prod(powers)
    return total


@pytest.mark.parametrize(
    ("hypothesis", "root", "value"),
    [("a*b*c = 1", "sqrt(a*b*c)", "1"), ("a*b*c = 8", "(a*b*c)^(1/3)", "2"),
     ("a*b*c = 2", "sqrt(a*b*c)", "sqrt(2)"), ("4*a*b*c = 1", "sqrt(3*a*b*c)", "sqrt(3)/2")],
)  # fmt: skip
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_roots_whose_product_is_known(
    hypothesis: str, root: str, value: str, rng: random.Random
) -> None:
    """What the ideal then says of the single roots is true at allowed points, and suffices."""
    text = f"sqrt(a)+sqrt(b)+sqrt(c)+a^(1/3)+b^(1/3)+c^(1/3)+{root} >= {value}"
    world = World(parse_statement(NAMES, "positive", [hypothesis], text), roots=True)
    assert world.goal
    one, two = (world.frac(parse_expr(x, NAMES)) for x in (root, value))
    assert world.equal(one, two)
    left, _, right = hypothesis.partition("=")
    point = {"a": rng.uniform(0.5, 3), "b": rng.uniform(0.5, 3), "c": 1.0}
    point["c"] = float(right) / near(world, world.frac(parse_expr(left, NAMES)).num, point)
    for member in world.ideal:
        assert near(world, member, point) == pytest.approx(0, abs=1e-9)


def test_a_root_whose_image_is_not_there_does_not_move() -> None:
    world = World(parse_statement(NAMES, "positive", [], "sqrt(a) >= sqrt(b)"), roots=True)
    p = world.goal[0].lhs.num
    assert k.image(world, p, ["b", "a", "c"]) == world.goal[0].rhs.num
    with pytest.raises(Broken, match="does not mention"):
        k.image(world, p, ["c", "b", "a"])


def test_theorems_of_two_worlds_do_not_mix() -> None:
    one, two = make("positive", ()), make("real", ())
    s = k.signed(one, Frac(one.gens[0], {}))
    with pytest.raises(Broken):
        k.product(s, k.square(two, Frac(two.gens[0], {})))
    with pytest.raises(Broken):
        k.settle(two, [s])


def test_settling_needs_every_link_as_strong_as_it_is() -> None:
    world = World(parse_statement(NAMES, "positive", [], "a+b > a >= 0"))
    one, two = (k.restated(k.signed(world, f.diff), f) for f in world.goal)
    assert k.settle(world, [one, two]).statement is world.statement
    for wrong in ([two, one], [two, two], [k.square(world, one.diff), two]):
        with pytest.raises(Broken):
            k.settle(world, wrong)
    with pytest.raises(ValueError, match="zip"):
        k.settle(world, [one])


def test_a_lemma_needs_its_conditions() -> None:
    lemma = World(parse_statement(["x", "y"], "real", ["x > 0", "y > 0"], "x+y > 0"))
    proved = k.settle(lemma, [k.restated(k.signed(lemma, lemma.goal[0].diff), lemma.goal[0])])
    world = make("positive", ())
    a, b = (k.signed(world, Frac(g, {})) for g in world.gens[:2])
    holds(k.instance(world, proved, {"x": a.diff, "y": b.diff}, [a, b])[0])
    free = make("real", ())
    square = k.square(free, Frac(free.gens[0], {}))
    for values, conditions in (
        ({"x": square.diff, "y": square.diff}, [square, square]),  # >= 0 is not > 0
        ({"x": square.diff}, [square, square]),
        ({"x": square.diff, "y": Frac(free.gens[1], {})}, [square, square]),
    ):
        with pytest.raises(Broken):
            k.instance(free, proved, values, conditions)
    own = World(parse_statement(["x"], "positive", [], "x > 0"))
    positive = k.settle(own, [k.restated(k.signed(own, own.goal[0].diff), own.goal[0])])
    with pytest.raises(Broken):  # its domain would go unchecked
        k.instance(free, positive, {"x": Frac(free.gens[0], {})}, [])
