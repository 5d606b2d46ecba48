"""The classics are what they say they are; public sets are read where they are present."""

import json
from pathlib import Path

import pytest

from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.errors import UserError
from olympiad_ineq.eval.test_sets import (
    CLASSICS,
    classic_examples,
    classics,
    ineqmath,
    lean_ineq_comp,
    own,
)
from olympiad_ineq.held_out import HeldOut
from olympiad_ineq.kernel import Statement
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.planner.stages import CLASSIC_PROBLEMS
from olympiad_ineq.proof import check_proof
from olympiad_ineq.proof.certificate import replay
from olympiad_ineq.records import Classic
from olympiad_ineq.search.refute import Refuter

ALL = classics()


def statement(one: Classic) -> Statement:
    return parse_statement(one.variables, one.domain, one.given, one.goal)


def test_they_are_many_each_once_with_a_source() -> None:
    assert len(ALL) >= 120 and len(ALL) == CLASSIC_PROBLEMS
    assert len({one.id for one in ALL}) == len({example.id for example in classic_examples()})
    assert all(one.source and (one.year is None or 1900 <= one.year <= 2024) for one in ALL)
    assert sum(one.year is not None for one in ALL) >= 50
    for one in ALL:  # a year that the source names is the year
        years = [word for word in one.source.replace("/", " ").split() if word.isdigit()]
        named = [int(year) for year in years if len(year) == 4]
        assert not named or one.year == named[0], one.id


def test_texts_say_the_same_as_the_statements() -> None:
    for one in ALL:
        read = read_problem(one.text)
        said = canonical_key(read.variables, read.domain, read.given, read.goal)
        assert said == canonical_key(one.variables, one.domain, one.given, one.goal), one.id


def test_the_kernel_replays_almost_all_and_the_rest_say_why_they_are_believed() -> None:
    proved = 0
    for one in ALL:
        if one.certificate is not None:
            assert replay(statement(one), one.certificate).grade == "proved", one.id
        elif one.steps:
            assert check_proof(statement(one), one.steps, None).grade == "proved", one.id
        else:
            assert one.believed, one.id
            continue
        assert not one.believed
        proved += 1
    assert proved >= 0.95 * len(ALL)


def test_none_is_refuted() -> None:
    for one in ALL:
        search = Refuter(statement(one))
        assert search.quick() is None, one.id
        if one.believed:
            assert search.deep(rounds=8, seeds=4, children=8) is None, one.id


def test_no_two_are_the_same_problem() -> None:
    keys: dict[str, str] = {}
    for example in classic_examples():
        first = keys.setdefault(example.canonical_key, example.source.family)
        assert first == example.source.family, f"{first} is {example.source.family}"


def test_each_is_recognised_where_the_data_are_split() -> None:
    """By its problem, whatever the names and the scaling, and by its text."""
    held_out = HeldOut([CLASSICS])
    assert held_out.count == len(ALL) and held_out.unreadable == 0
    for example in classic_examples():
        assert held_out.find(example.canonical_key, "")
        assert held_out.find("another key", example.problem.text)
    renamed = canonical_key(("x", "y", "z"), "positive", (), "2*x/(y+z)+2*y/(z+x)+2*z/(x+y) >= 3")
    assert "classics.jsonl" in held_out.find(renamed, "")


@pytest.mark.parametrize("load", [ineqmath, lean_ineq_comp, own])
def test_a_set_that_is_not_there_says_what_to_fetch(load: object, tmp_path: Path) -> None:
    assert callable(load)
    with pytest.raises(UserError, match="there is no such file; it should be") as error:
        load(tmp_path / "absent")
    assert str(error.value).count("\n") == 0
    (tmp_path / "broken").write_text("} nothing like it {")
    with pytest.raises(UserError, match="fetch it again"):
        load(tmp_path / "broken")


def test_ineqmath_bounds_become_statements(tmp_path: Path) -> None:
    """In the form of AI4Math/IneqMath's files; the answer takes the constant's place."""
    ask = "Determine the largest constant $C$ such that the following inequality holds for all"
    rows = [
        {
            "data_id": "0", "type": "bound", "answer": "$C = 9$",
            "problem": f"Let $a, b, c$ be positive real numbers. {ask} $a, b, c$: "
            r"$$(a+b+c)\left(\frac{1}{a}+\frac{1}{b}+\frac{1}{c}\right) \geq C.$$",
        },
        {"data_id": "1", "type": "relation", "answer": "(A)", "problem": "Which sign is right?"},
        {"data_id": "2", "type": "bound", "answer": "unknown", "problem": "C"},
        {
            "data_id": "3", "type": "bound", "answer": "$C=1$",
            "problem": f"Let $n$ be a natural number. {ask} $n$: $n^2 \\ge C n$.",
        },
    ]  # fmt: skip
    (tmp_path / "dev.json").write_text(json.dumps(rows))
    found = ineqmath(tmp_path / "dev.json")
    (only,) = found.examples
    goal = "(a+b+c)*(1/a+1/b+1/c) >= 9"
    assert only.canonical_key == canonical_key(("a", "b", "c"), "positive", (), goal)
    assert [name for name, _ in found.left_out] == ["1", "2", "3"]
    assert all(reason for _, reason in found.left_out)


def test_ineqmath_relations_become_statements(tmp_path: Path) -> None:
    """In the words of AI4Math/IneqMath's files; the answer's sign takes the blank's place."""
    options = r"Options: (A) $\leq$ (B) $\geq$ (C) $=$ (D) $<$ (E) $>$ (F) None of the above"
    ask = f"\nDetermine the correct inequality relation to fill in the blank.\n\n{options}"
    given = "Let $a, b, c$ be positive real numbers such that $a + b + c = 3$. "
    blank = r"$$a^2+b^2+c^2 \quad () \quad 3 .$$"
    rows = [
        {
            "data_id": "0", "type": "relation", "answer": r"(B) $\geq$",
            "problem": f"{given}Consider the following inequality:\n{blank}\n{ask}",
        },
        {
            "data_id": "1", "type": "relation", "answer": "(F) None of the above",
            "problem": f"{given}Consider the following expressions:\n{blank}{ask}",
        },
        {
            "data_id": "2", "type": "relation", "answer": r"(B) $\geq$",
            "problem": f"{given}Consider the following expressions:\n{blank}{blank}{ask}",
        },
    ]  # fmt: skip
    (tmp_path / "dev.json").write_text(json.dumps(rows))
    found = ineqmath(tmp_path / "dev.json")
    (only,) = found.examples
    goal = "a^2+b^2+c^2 >= 3"
    assert only.canonical_key == canonical_key(("a", "b", "c"), "positive", ("a+b+c = 3",), goal)
    assert [name for name, _ in found.left_out] == ["1", "2"]


def test_lean_theorems_become_statements(tmp_path: Path) -> None:
    (tmp_path / "comp.lean").write_text(
        "theorem nesbitt (a b c : ℝ) (ha : 0 < a) (hb : b > 0) (hc : 0 < c) :\n"
        "    a / (b + c) + b / (c + a) + c / (a + b) ≥ 3 / 2 := by sorry\n"
        "theorem on_a_plane (x y : ℝ) (hx : 0 < x ∧ 0 < y) (h : x + y = 1) :\n"
        "  x^2 + y^2 ≥ 1 / 2 := by\n  sorry\n"
        "theorem squares (a b : ℝ) : a^2 + b^2 >= 2 * a * b := sorry\n"
        "theorem over_naturals (n : ℕ) : n^2 ≥ n := sorry\n"
    )
    found = lean_ineq_comp(tmp_path / "comp.lean")
    goals = [
        (e.problem.variables, e.problem.domain, e.problem.given, e.problem.goal)
        for e in found.examples
    ]
    assert [g[:3] for g in goals] == [
        (("a", "b", "c"), "positive", ()),
        (("x", "y"), "positive", ("x+y = 1",)),
        (("a", "b"), "real", ()),
    ]
    assert [name for name, _ in found.left_out] == ["over_naturals"]


def test_lean_ineq_comp_as_it_is_published(tmp_path: Path) -> None:
    """Lines of its benchmark/*_seed.jsonl; what reals cannot say is left out with a reason."""
    signatures = {
        "amgm_p1": "(x y z: ℝ) (hx : x > 0) (hy : y > 0) (hz : z > 0) : "
        "(x + y + z) / 3 ≥ (x * y * z) ^ (3⁻¹: ℝ )",
        "amgm_p4": "(x y: ℝ )  (h : x > 0 ∧ y> 0): "
        "(2:ℝ) / 3 * x + (1:ℝ) / 3 * y  ≥ x^((2:ℝ) / 3) * y^((1:ℝ) / 3)",
        "amgm_p22": "(x y z: ℝ )  (h : x > 0 ∧ y> 0 ∧ z> 0) (g : x * y * z = (1 : ℝ)) : "
        "(4:ℝ) / 7 * x^3 * y + (1:ℝ) / 7 * y^3 * z + (2:ℝ) / 7 * z^3 * x ≥ x",
        "cauchy_p3": "(x y: ℝ) (hx : x ≥ 0) (hy : y ≥ 0) (hxy : x + y ≤ 1) : "
        "4 * x^2 + 4 * y^2 + (1 - x - y)^2 ≥ 2 / 3",
        "cauchy_p13": "(a b c : ℝ) (ha : a > 0) (hb : b > 0) (hc : c > 0) (h : a + b + c = 1) : "
        "√(2 * a + 1) + √(2 * b + 1) + √(2 * c + 1) ≤ √15",
        "cauchy_p14": "(n : ℕ) (a b : Fin n → ℝ) (ha : ∀ i, a i > 0) : "
        "∑ i, a i / b i ≥ (∑ i, a i)^2 / ∑ i, a i * b i",
        "cauchy_p16": "(x y a b: ℝ) (hy : y ≠ 0) (hb : b ≠ 0) (hxy : x^2 + 1 / y^2 = 1) "
        "(hab : a^2 + 1 / b^2 = 4) : |a / y + x / b| ≤ 2",
        "natural": "(x : ℝ) (hx : x > 0) : x ^ (1 / 2) ≥ 0",  # in Lean 1 / 2 is 0 here
    }
    (tmp_path / "seed.jsonl").write_text(
        "\n".join(
            json.dumps({"name": name, "formal_statement": f"theorem {name} {text} := by\n"})
            for name, text in signatures.items()
        )
    )
    found = lean_ineq_comp(tmp_path / "seed.jsonl")
    said = {e.source.family: e.problem for e in found.examples}
    assert [name for name, _ in found.left_out] == ["cauchy_p14", "cauchy_p16", "natural"]
    assert said["amgm_p1"].goal == "(x+y+z)/3 >= (x*y*z)^(1/3)"
    assert said["amgm_p4"].goal == "2/3*x+1/3*y >= (x^(1/3))^2*y^(1/3)"
    assert said["amgm_p22"].given == ("x*y*z = 1",)
    assert (said["cauchy_p3"].domain, said["cauchy_p3"].given) == ("nonnegative", ("x+y <= 1",))
    assert said["cauchy_p13"].goal == "sqrt(2*a+1)+sqrt(2*b+1)+sqrt(2*c+1) <= sqrt(15)"


def test_your_own_problems(tmp_path: Path) -> None:
    rows = [
        {"id": "mine", "text": "Let $a, b$ be reals. Prove that $a^2+b^2 \\ge 2ab$."},
        {"text": "Prove that there are infinitely many primes."},
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    found = own(tmp_path / "own.jsonl")
    assert [e.source.family for e in found.examples] == ["mine"]
    assert [name for name, _ in found.left_out] == ["line 2"]
