"""Witnesses are exact, inside the domain, and prove falsehood by themselves."""

from __future__ import annotations

from fractions import Fraction

import pytest

from olympiad_ineq.kernel.witness import in_domain
from olympiad_ineq.language.parse import Unreadable, parse_number, parse_statement
from olympiad_ineq.proof import check_witness
from olympiad_ineq.proof.points import sample
from tests.proof.fuzz import _allowed


def test_a_counterexample_refutes() -> None:
    s = parse_statement(["a", "b"], "positive", [], "a/b+b/a >= 5/2")
    assert check_witness(s, {"a": "1", "b": "1"}).refutes
    assert not check_witness(s, {"a": "2", "b": "1"}).refutes


@pytest.mark.parametrize(
    "point",
    [
        {"a": "-1", "b": "1"},
        {"a": "0", "b": "1"},
        {"a": "1"},
        {"a": "1", "b": "1", "c": "1"},
        {"a": 0.5, "b": "1"},
        {"a": "nan", "b": "1"},
        {"a": "1/0", "b": "1"},
        {"a": True, "b": "1"},
        {"a": "1e3", "b": "1"},
    ],
)
def test_a_bad_witness_refutes_nothing(point: dict[str, object]) -> None:
    s = parse_statement(["a", "b"], "positive", [], "a+b <= 0")
    assert not check_witness(s, point).refutes


def test_hypotheses_count() -> None:
    s = parse_statement(["a", "b"], "positive", ["a+b = 1"], "a*b >= 1/4")
    assert check_witness(s, {"a": "1/4", "b": "3/4"}).refutes
    assert not check_witness(s, {"a": "1", "b": "1/8"}).refutes


def test_undefined_refutes_and_irrational_values_are_enclosed() -> None:
    s = parse_statement(["a", "b"], "real", [], "a^2/(a-b)^2 >= 0")
    assert check_witness(s, {"a": "1", "b": "1"}).refutes
    s = parse_statement(["a"], "positive", [], "sqrt(a) >= a+1")
    assert check_witness(s, {"a": "4"}).refutes
    assert check_witness(s, {"a": "2"}).refutes
    s = parse_statement(["a"], "positive", [], "sqrt(2)*sqrt(3)*a >= sqrt(6)*a")
    assert not check_witness(s, {"a": "2"}).refutes  # equal: no interval can tell


def test_numbers() -> None:
    assert parse_number("-3/4") == parse_number("-0.75")
    assert parse_number(7) == parse_number(" 7 ")
    for bad in ("", "1/", "/2", ".", "1.", "--1", "1/2/3", "٣", "9" * 700, 1.5, None):
        with pytest.raises(Unreadable):
            parse_number(bad)


@pytest.mark.parametrize(
    ("names", "domain", "given"),
    [
        ("abc", "positive", []),
        ("abc", "triangle", []),
        ("abcd", "real", []),
        ("abc", "positive", ["a+b+c = 1"]),
        ("abc", "positive", ["a*b*c = 1"]),
        ("abc", "positive", ["a*b+b*c+c*a = 3"]),
        ("abc", "positive", ["a^2+b^2+c^2 = 3"]),
        ("abc", "real", ["a >= b", "b >= c"]),
        ("ab", "nonnegative", ["a+b = 2"]),
        ("abc", "triangle", ["a+b+c = 2"]),
    ],
)
def test_sample_points_are_allowed_and_varied(names: str, domain: str, given: list[str]) -> None:
    s = parse_statement(list(names), domain, given, "a >= 0")
    points = sample(s)
    assert len(points) >= 5
    for point in points:
        assert in_domain(s, point)
        exact = {k: Fraction(int(v.p), int(v.q)) for k, v in point.items()}
        assert _allowed(s, exact)
