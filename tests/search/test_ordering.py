"""The ordering certificate in a triangle and under a hypothesis x^u = 1: sound, and of use."""

import pytest

from olympiad_ineq.kernel import Statement
from olympiad_ineq.kernel.certificate import replay
from olympiad_ineq.search.refute import refute


def ordering(goal: str, domain: str = "positive", *given: str, names: str = "abc") -> str:
    one = Statement.parse(list(names), domain, list(given), goal)
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
