"""The canonical key: what it must not see, and what it must."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olympiad_ineq.canonical import canonical_key, family_key
from olympiad_ineq.language.parse import Unreadable

ABC = ("a", "b", "c")


def key(goal: str, variables: tuple[str, ...] = ABC, domain: str = "positive", *given: str) -> str:
    return canonical_key(variables, domain, given, goal)


SAME = [
    ("a^2+b^2 >= 2*a*b", "2*a*b <= a^2+b^2"),
    ("a^2+b^2 >= 2*a*b", "a/b+b/a >= 2"),
    ("a^2+b^2 >= 2*a*b", "a^2-2*a*b+b^2 >= 0"),
    ("a^2+b^2 >= 2*a*b", "3*a^2+3*b^2 >= 6*a*b"),
    ("a^2+b^2 >= 2*a*b", "b^2+c^2 >= 2*b*c"),
    ("a^2+b^2 >= 2*a*b", "(a^2+b^2)/2 >= a*b"),
    ("a^2+b^2 >= 2*a*b", "1/a^2+1/b^2 >= 2/(a*b)"),
    ("a^2*b+b^2*c+c^2*a >= 3*a*b*c", "a^2*c+b^2*a+c^2*b >= 3*a*b*c"),
    ("1/a+4/b >= 9/(a+b)", "(a+b)*(1/a+4/b) >= 9"),
    ("1/a+4/b >= 9/(a+b)", "4/c+1/b >= 9/(b+c)"),
    ("a/(b+c)+b/(c+a)+c/(a+b) >= 3/2", "2*a/(b+c)+2*b/(c+a)+2*c/(a+b) >= 3"),
    ("a+1/a >= 2", "b^2+1 >= 2*b"),
    ("1/(2*a)+1/(2*b) >= 2/(a+b)", "1/a+1/b >= 4/(a+b)"),
]

DIFFERENT = [
    ("a^2+b^2 >= 2*a*b", "a^2+b^2 > 2*a*b"),
    ("a^2+b^2 >= 2*a*b", "a^2+b^2 >= a*b"),
    ("a^2+b^2 >= 2*a*b", "a^2+4*b^2 >= 4*a*b"),
    ("a^3+b^3+c^3 >= a^2*b+b^2*c+c^2*a", "2*a^3+b^3 >= 3*a^2*b"),
    ("a^2*b+b^2 >= 0", "a*b^2+b^2 >= 0"),
    ("1/a+4/b >= 9/(a+b)", "1/a+9/b >= 16/(a+b)"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_same_problem(one: str, two: str) -> None:
    assert key(one) == key(two)


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_different_problems(one: str, two: str) -> None:
    assert key(one) != key(two)


def test_domain_given_and_number_of_variables_count() -> None:
    goal = "a^2+b^2 >= 1/2"
    assert key(goal, ("a", "b"), "positive", "a+b = 1") != key(goal, ("a", "b"), "real", "a+b = 1")
    assert key(goal, ("a", "b"), "positive", "a+b = 1") != key(
        goal, ("a", "b"), "positive", "a+b = 2"
    )
    assert key(goal, ("a", "b"), "positive", "a+b = 1") == key(
        "x^2+y^2 >= 1/2", ("x", "y"), "positive", "1-y = x"
    )
    assert key(goal, ("a", "b"), "positive", "a+b = 1") == key(
        "2*x^2+2*y^2 >= 1", ("y", "x"), "positive", "2 = 2*x+2*y"
    )


def test_inversion_needs_positive_variables() -> None:
    one, two = "a^3+b >= 2*a", "1/a^3+1/b >= 2/a"
    assert key(one, ("a", "b")) == key(two, ("a", "b"))
    assert key("a^4+b^2 >= 2*a^2", ABC, "real") != key("b^2+a^4*b^2 >= 2*a^2*b^2", ABC, "real")


def test_real_denominators_and_roots_have_keys() -> None:
    assert key("1/(a-b)^2+1 >= 0", domain="real") == key("1/(b-a)^2+1 >= 0", domain="real")
    assert key("a+b >= 2*sqrt(a*b)") == key("b+c >= 2*sqrt(b*c)")
    assert key("a+b >= 2*sqrt(a*b)") != key("a+b >= sqrt(a*b)")


def test_denominators_of_either_sign_keep_theirs() -> None:
    """1/a >= 1 is not 1 >= a where a may be negative."""
    one = ("a",)
    assert key("1/a >= 1", one, "real") != key("1 >= a", one, "real")
    assert key("1/a >= 1", one, "positive") == key("1 >= a", one, "positive")
    assert key("1/a >= 1", one, "real") == key("1/b-1 >= 0", ("b",), "real")
    assert key("1/(a^2+1) <= 1", one, "real") == key("1 <= a^2+1", one, "real")
    assert key("1/(a-b) >= c", ABC) == key("1/(b-c) >= a", ABC) != key("1/(a-b) <= c", ABC)


def test_unreadable_is_said() -> None:
    with pytest.raises(Unreadable):
        key("a/2b >= 1")


def test_ten_variables_are_quick() -> None:
    names = tuple(f"x{i}" for i in range(1, 10))
    total = "+".join(names)
    start = time.process_time()
    one = canonical_key(names, "positive", (), f"({total})^2 >= 0")
    assert time.process_time() - start < 3
    assert one == canonical_key(tuple(reversed(names)), "positive", (), f"({total})^2 >= 0")


Term = tuple[int, tuple[int, ...]]


def say(terms: list[Term], names: tuple[str, ...]) -> str:
    parts = [
        "*".join([str(c), *(f"{v}^{e}" for v, e in zip(names, exps, strict=True) if e)])
        for c, exps in terms
    ]
    return "+".join(parts) if parts else "0"


exps3 = st.tuples(*[st.integers(0, 4)] * 3)
sums = st.lists(st.tuples(st.integers(1, 9), exps3), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(
    sums,
    sums,
    st.permutations([0, 1, 2]),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_invariances(
    left: list[Term],
    right: list[Term],
    order: list[int],
    factor: int,
    rng: random.Random,
    invert: bool,
) -> None:
    """Rename, permute, scale, invert, reorder, move a term, turn round: the key stays."""
    names = ("a", "b", "c")
    base = key(f"{say(left, names)} >= {say(right, names)}")

    def change(terms: list[Term]) -> list[Term]:
        out = [
            (c * factor, tuple((4 - exps[i]) if invert else exps[i] for i in order))
            for c, exps in terms
        ]
        rng.shuffle(out)
        return out

    one, two = change(left), change(right)
    new = ("x", "y", "z")
    moved = two.pop() if len(two) > 1 and rng.random() < 0.5 else None
    lhs, rhs = say(one, new), say(two, new)
    if moved is not None:
        lhs = f"{lhs}-{say([moved], new)}"
    goal = f"{rhs} <= {lhs}" if rng.random() < 0.5 else f"{lhs} >= {rhs}"
    variables = tuple(rng.sample(new, 3))
    assert key(goal, variables) == base


@settings(max_examples=100, deadline=None)
@given(sums, sums, st.integers(0, 4), st.integers(1, 5))
def test_a_changed_coefficient_changes_the_key(
    left: list[Term], right: list[Term], which: int, by: int
) -> None:
    """Adding a term that is not a multiple of the difference gives another problem."""
    names = ("a", "b", "c")
    one = key(f"{say(left, names)} >= {say(right, names)}")
    two = key(f"{say([*left, (by, (5, which, 7))], names)} >= {say(right, names)}")
    assert one != two


def test_family_forgets_coefficients() -> None:
    def fam(goal: str) -> str:
        return family_key(ABC, "positive", (), goal)

    assert fam("a^2+b^2 >= 2*a*b") == fam("b^2+4*c^2 >= 4*b*c") == fam("a/b+9*b/a >= 6")
    assert fam("a^2+b^2 >= 2*a*b") != fam("a^3+b^3 >= a^2*b+a*b^2")


def test_speed() -> None:
    goals = [
        "a^2/(b+c)+b^2/(c+a)+c^2/(a+b) >= (a+b+c)/2",
        "a^4+b^4+c^4+d^4 >= 4*a*b*c*d",
        "2*a^3+b^3 >= 3*a^2*b",
        "(a+b)*(b+c)*(c+a) >= 8*a*b*c",
    ]
    start = time.process_time()
    for goal in goals * 5:
        canonical_key(("a", "b", "c", "d"), "positive", (), goal)
    assert (time.process_time() - start) / 20 < 0.1
