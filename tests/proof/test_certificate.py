"""Certificates replay, and a certificate of something else is turned away."""

from __future__ import annotations

from typing import Any

import pytest

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import replay


def grade(goal: str, cert: Any, domain: str = "positive", given: tuple[str, ...] = ()) -> str:
    return replay(parse_statement(["a", "b", "c"], domain, given, goal), cert).grade


NESBITT = "a/(b+c)+b/(c+a)+c/(a+b) >= 3/2"

AT_0 = {"kind": "positive", "parts": [{"nonnegative": "0"}]}
SQUARES = {"kind": "sum", "parts": [{"square": "a-b", "weight": "1/4"}]}
SQUARES_C = {"kind": "sum", "parts": [{"square": "a*c-b*c", "weight": "1/4"}]}
MEANS = "sqrt((a^2+b^2)/2) {} (a+b)/2"
ROOT = "1/2*sqrt(2)*sqrt(a^2+b^2)"


def conjugate(plus: Any, inner: Any) -> dict[str, Any]:
    return {"kind": "conjugate", "plus": plus, "inner": inner}


@pytest.mark.parametrize(
    ("goal", "cert", "domain", "given"),
    [
        (NESBITT, {"kind": "ordering"}, "positive", ()),
        ("a^2+b^2 >= 2*a*b", {"kind": "sos", "parts": [{"square": "a-b"}]}, "real", ()),
        ("a^3+b^3 >= a^2*b+a*b^2",
         {"kind": "sos", "parts": [{"square": "a-b", "weight": "a+b"}]}, "nonnegative", ()),
        ("a^2+1 > a", {"kind": "sos", "parts": [{"square": "a-1/2"}, {"nonnegative": "3/4"}]},
         "real", ()),
        ("2*a^3+b^3 >= 3*a^2*b",
         {"kind": "amgm", "parts": [{"terms": ["a^3", "b^3"], "weights": [2, 1],
                                     "root": "a^2*b"}]}, "positive", ()),
        ("a+b+c >= 3", {"kind": "amgm", "parts": [{"terms": ["a", "b", "c"], "root": "1"}]},
         "positive", ("a*b*c = 1",)),
        ("a/b+b/a >= 2",
         {"kind": "sum", "multiplier": "a*b", "parts": [{"square": "a-b"}]}, "positive", ()),
        ("a^2+b^2+c^2 >= 1/3", {"kind": "sum", "parts": [
            {"square": x, "weight": "1/3"} for x in ("a-b", "b-c", "c-a")]},
         "real", ("a+b+c = 1",)),
        ("a+b > 0", {"kind": "positive", "parts": [{"nonnegative": "a+b"}]}, "positive", ()),
        ("a^2+b^2 >= (a+b)^2/2 >= 2*a*b",
         {"kind": "links", "parts": [
             {"kind": "sos", "parts": [{"square": "a-b", "weight": "1/2"}]}] * 2}, "real", ()),
        (MEANS.format(">="), conjugate(ROOT, SQUARES), "real", ()),
        (MEANS.format(">="), {"kind": "sum", "parts": [{"plus": ROOT, "minus": "(a+b)/2"}]},
         "real", ()),
        ("sqrt(a^2) >= a", conjugate("sqrt(a^2)", AT_0), "real", ()),
        ("sqrt(a^2+1) > a", conjugate("sqrt(a^2+1)", {"kind": "positive", "parts": [
            {"nonnegative": "1"}]}), "real", ()),
    ],
)  # fmt: skip
def test_replays(goal: str, cert: Any, domain: str, given: tuple[str, ...]) -> None:
    assert grade(goal, cert, domain, given) == "proved"


@pytest.mark.parametrize(
    ("goal", "cert", "domain"),
    [
        ("a/(b+c)+b/(c+a)+c/(a+b) >= 1.5001", {"kind": "ordering"}, "positive"),
        ("a+b+c > 0", {"kind": "ordering"}, "nonnegative"),
        ("a^2+b^2 >= 2*a*b", {"kind": "ordering"}, "real"),
        ("a^2+b^2 >= 3*a*b", {"kind": "sos", "parts": [{"square": "a-b"}]}, "real"),
        ("a^2+b^2 > 2*a*b", {"kind": "sos", "parts": [{"square": "a-b"}]}, "real"),
        ("2*a*b >= a^2+b^2", {"kind": "sos", "parts": [{"square": "a-b", "weight": "-1"}]},
         "real"),
        ("a*(b-c)^2 >= 0", {"kind": "sos", "parts": [{"square": "b-c", "weight": "a"}]}, "real"),
        ("a >= b", {"kind": "sum", "multiplier": "a-b", "parts": [{"square": "a-b"}]},
         "positive"),
        ("2*a*b >= a^2+b^2", {"kind": "sum", "multiplier": "-1", "parts": [{"square": "a-b"}]},
         "positive"),
        ("a >= b", {"kind": "sum", "multiplier": "0", "parts": []}, "positive"),
        ("a+b >= 2*a*b", {"kind": "amgm", "parts": [{"terms": ["a", "b"], "root": "a*b"}]},
         "positive"),
        ("a+b >= 1", {"kind": "amgm", "parts": [{"nonnegative": "a+b-1"}]}, "positive"),
        (MEANS.format(">"), conjugate(ROOT, SQUARES), "real"),  # equal where a = b >= 0
        (MEANS.format("<="), conjugate("(a+b)/2", SQUARES), "positive"),
        (MEANS.format("<="), conjugate("(a+b)/2", SQUARES), "real"),
        (MEANS.format(">="), conjugate(f"2*{ROOT}", SQUARES), "real"),
        (MEANS.format(">="), conjugate(f"-{ROOT}", SQUARES), "real"),
        (MEANS.format(">="), conjugate(ROOT, SQUARES_C), "real"),
        (MEANS.format(">="), conjugate([ROOT, ROOT], SQUARES), "real"),
        (MEANS.format(">="), conjugate(ROOT, None), "real"),
        (MEANS.format(">="), conjugate(None, SQUARES), "real"),
        (MEANS.format(">="), {"kind": "conjugate"}, "real"),
        (MEANS.format(">"), {"kind": "sum", "parts": [{"plus": ROOT, "minus": "(a+b)/2"}]}, "real"),
        (MEANS.format(">="), {"kind": "sum", "parts": [{"minus": "(a+b)/2"}]}, "real"),
        (MEANS.format("<="), {"kind": "sum", "parts": [{"plus": "(a+b)/2", "minus": ROOT}]},
         "positive"),
        ("a >= sqrt(a^2)", {"kind": "sum", "parts": [{"plus": "a", "minus": "sqrt(a^2)"}]}, "real"),
        ("b >= a", {"kind": "sum", "parts": [{"plus": "b", "minus": "a"}]}, "positive"),
        ("a >= sqrt(a^2)", conjugate("a", AT_0), "real"),  # P = a may be negative
        ("a >= -b", conjugate("a", conjugate("a^2", conjugate("a^4", AT_0))), "real"),
        ("a >= b", {"kind": "nothing"}, "positive"),
        ("a >= b", {}, "positive"),
        ("a >= b", [], "positive"),
        ("a >= b", {"kind": "sum", "parts": "a"}, "positive"),
        ("a >= b", {"kind": "proof", "steps": [{"id": "s", "claim": "a >= b"}]}, "positive"),
        ("a >= b >= c", {"kind": "links", "parts": [{"kind": "ordering"}]}, "positive"),
        ("1/(a-b)^2 >= 0", {"kind": "sum", "parts": [{"nonnegative": "1/(a-b)^2"}]}, "real"),
    ],
)  # fmt: skip
def test_turns_away(goal: str, cert: Any, domain: str) -> None:
    assert grade(goal, cert, domain) != "proved"


def test_conjugates_of_conjugates_end() -> None:
    cert: Any = AT_0
    for _ in range(4000):
        cert = conjugate("0", cert)
    assert grade("0*a >= 0", cert) == "unreadable"
