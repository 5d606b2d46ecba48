"""Whatever kind of certificate is found, a person is told what it says."""

import json

import pytest

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.search.decide import Decision
from olympiad_ineq.search.explain import explain, explain_text
from tests.conftest import REPO

CLASSICS = [
    json.loads(line)
    for line in (REPO / "config/benchmarks/classics.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(
    "row", [row for row in CLASSICS if row["certificate"]], ids=lambda row: str(row["id"])
)
def test_every_classic_is_explained(row: dict[str, object]) -> None:
    names, domain, given = row["variables"], row["domain"], row["given"]
    statement = parse_statement(names, domain, given, row["goal"])  # type: ignore[arg-type]
    text = explain(statement, Decision("proved", "", row["certificate"]))  # type: ignore[arg-type]
    assert "Proved." in text and len(text.splitlines()) >= 3


def test_a_hypothesis_that_is_used_is_named() -> None:
    text = explain_text(
        ("Let a, b, c be positive reals with a+b+c >= 3. Prove that a^2+b^2+c^2 >= 3.", 5.0)
    )
    assert "by the hypothesis a+b+c >= 3" in text


def test_what_is_squared_is_told() -> None:
    text = explain_text(
        ("Let a, b be nonnegative reals. Prove that sqrt(a)+sqrt(b) >= sqrt(a+b).", 5.0)
    )
    assert "P = sqrt(b) + sqrt(a)" in text.replace("sqrt(a) + sqrt(b)", "sqrt(b) + sqrt(a)")
    assert "P^2 - N^2 is the sum of" in text
