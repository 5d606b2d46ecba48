"""Certificates in a triangle, under a hypothesis x^u = 1 and by given inequalities."""

import pytest

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import replay
from olympiad_ineq.search.decide import decide
from olympiad_ineq.search.refute import refute


def ordering(goal: str, domain: str = "positive", *given: str, names: str = "abc") -> str:
    one = parse_statement(list(names), domain, list(given), goal)
    grade = replay(one, {"kind": "ordering"}).grade
    if grade == "proved":
        assert refute(one) is None
    return grade


FRACTIONS = "1/(a^3*(b+c))+1/(b^3*(c+a))+1/(c^3*(a+b))"


@pytest.mark.parametrize(
    ("goal", "domain", "given", "grade"),
    [
        (f"{FRACTIONS} >= 3/2", "positive", ("a*b*c = 1",), "proved"),  # IMO 1995/2
        (f"{FRACTIONS} >= 1.5001", "positive", ("a*b*c = 1",), "open"),
        (f"{FRACTIONS} >= 3/2", "positive", ("a*b*c = 2",), "open"),
        ("a+b+c >= 3", "positive", ("a*b*c = 1",), "proved"),
        ("a+b+c > 3", "positive", ("a*b*c = 1",), "open"),
        ("a+b+c >= 3.0001", "nonnegative", ("a*b*c = 1",), "open"),
        ("a+b+c > 2.9", "positive", ("a*b*c = 1",), "proved"),
        ("a*b*c+a+b+c >= 4", "positive", ("a*b*c = 1",), "proved"),  # terms that fall together
        ("a*b*c+a+b+c >= 4.001", "positive", ("a*b*c = 1",), "open"),
        ("2*a+b+c >= 3", "positive", ("2*a*b*c = 1",), "open"),  # true, but the factor is not 1
        ("a+b+c >= 3", "real", ("a*b*c = 1",), "open"),
        ("a+b > c", "triangle", (), "proved"),
        ("a+b >= 1.0001*c", "triangle", (), "open"),
        ("a+b > c", "positive", (), "open"),
        ("a^2*(b+c-a)+b^2*(c+a-b)+c^2*(a+b-c) <= 3*a*b*c", "triangle", (), "proved"),
        ("a^2*(b+c-a)+b^2*(c+a-b)+c^2*(a+b-c) < 3*a*b*c", "triangle", (), "open"),
        ("a^2+b^2+c^2 < 2*(a*b+b*c+c*a)", "triangle", (), "proved"),
        ("a^2+b^2+c^2 < 2*(a*b+b*c+c*a)", "positive", (), "open"),
        ("a+b+c >= 3", "triangle", ("a*b*c = 1",), "open"),  # no powers of a triangle's sides
        ("a*b+b*c+c*a <= 3", "triangle", ("a+b+c = 3",), "proved"),
        ("a*b+b*c+c*a < 3", "triangle", ("a+b+c = 3",), "open"),
        ("a*b+b*c+c*a > 9/4", "triangle", ("a+b+c = 3",), "proved"),
    ],
)
def test_grades(goal: str, domain: str, given: tuple[str, ...], grade: str) -> None:
    assert ordering(goal, domain, *given) == grade


def test_given_inequalities_as_parts() -> None:
    def grade(goal: str, domain: str, given: str, *parts: dict[str, object]) -> str:
        one = parse_statement(["a", "b"], domain, [given], goal)
        return replay(one, {"kind": "sum", "parts": list(parts)}).grade

    by_a, by_b = {"given": 1, "weight": "a"}, {"given": 1, "weight": "b"}
    assert grade("a^2 >= b^2", "positive", "a >= b", by_a, by_b) == "proved"
    assert grade("a^2 > b^2", "positive", "a > b", by_a, by_b) == "proved"
    assert grade("a^2 > b^2", "positive", "a >= b", by_a, by_b) == "open"
    assert grade("a^2 > b^2", "nonnegative", "a >= b", by_a, by_b) == "open"
    assert grade("a^2 >= b^2", "real", "a >= b", by_a, by_b) == "open"
    assert grade("a^2 >= b^2", "positive", "b >= a", by_a, by_b) == "open"
    assert grade("a >= b", "positive", "a = b", {"given": 1}) == "proved"
    assert grade("a > b", "positive", "a = b", {"given": 1}) == "open"
    for wrong in (0, 2, -1, True, "1", None, 1.0):
        if wrong is not True:  # True is 1
            assert grade("a >= b", "positive", "a >= b", {"given": wrong}) in ("open", "unreadable")


def test_a_strict_hypothesis_proves_a_strict_goal() -> None:
    one = parse_statement(["a", "b"], "positive", ["a > b"], "a^2 > b^2")
    assert decide(one).verdict == "proved"
