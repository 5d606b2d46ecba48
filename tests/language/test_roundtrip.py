"""What is rendered reads back: expressions, problems and whole proofs, in every phrasing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olympiad_ineq.language import (
    PROBLEM_PHRASINGS,
    PROOF_PHRASINGS,
    canonical,
    canonical_steps,
    read_problem,
    read_proof,
    render_expr,
    render_problem,
    render_proof,
)
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof, grade_text

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "proof" / "good_proofs.json").read_text(encoding="utf-8")
)
V = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("2*a^3+b^3 >= 3*a^2*b", r"2a^3+b^3 \ge 3a^2b"),
        ("a/(b+c)", r"\frac{a}{b+c}"),
        ("(a+b)*(b+c)", "(a+b)(b+c)"),
        ("a*(b/c)", r"a\frac{b}{c}"),
        ("2*3*a", r"2 \cdot 3a"),
        ("2*(1/2)", r"2 \cdot \frac{1}{2}"),
        ("a*2", r"a \cdot 2"),
        ("a^12", "a^{12}"),
        ("a^(-1)", "a^{-1}"),
        ("sqrt(a*b)", r"\sqrt{ab}"),
        ("(a*b*c)^(1/3)", r"\sqrt[3]{abc}"),
        ("(a/b)^2", r"\left(\frac{a}{b}\right)^2"),
        ("-a-(b-c)", "-a-(b-c)"),
        ("0.5*a", r"\frac{1}{2}a"),
    ],
)
def test_expressions_look_natural(text: str, latex: str) -> None:
    assert render_expr(text, V) == latex
    assert canonical(latex, V) == canonical(text, V)


def test_indexed_names() -> None:
    assert render_expr("x_1*x_12", ["x_1", "x_12"]) == "x_1x_{12}"


@pytest.mark.parametrize("case", CASES, ids=lambda c: str(c["name"]))
@pytest.mark.parametrize("phrasing", range(PROOF_PHRASINGS))
def test_proof_reads_back_and_keeps_its_grade(case: dict[str, Any], phrasing: int) -> None:
    problem = case["problem"]
    names, equality = problem["variables"], case.get("equality")
    text = render_proof(case["steps"], phrasing, variables=names, equality=equality)
    read = read_proof(text, names)
    assert read.unread == []
    assert read.steps == canonical_steps(case["steps"], names)
    assert (read.equality is None) == (equality is None)
    verdict = grade_text(names, problem["domain"], problem["given"], problem["goal"], text)
    assert verdict.grade == "proved", verdict


@pytest.mark.parametrize("case", CASES, ids=lambda c: str(c["name"]))
@pytest.mark.parametrize("phrasing", range(PROBLEM_PHRASINGS))
def test_problem_reads_back(case: dict[str, Any], phrasing: int) -> None:
    p = case["problem"]
    text = render_problem(p["variables"], p["domain"], p["given"], p["goal"], phrasing)
    read = read_problem(text)
    assert list(read.variables) == p["variables"]
    assert read.domain == p["domain"]
    assert list(read.given) == [canonical(g, p["variables"]) for g in p["given"]]
    assert read.goal == canonical(p["goal"], p["variables"])


EXPRS = st.sampled_from(
    ["a", "b^2", "a*b", "2*a+b", "(a-b)^2", "a/(b+c)", "1", "3/2", "sqrt(a*c)", "-b", "a^2*(b+1)"]
)
LISTS = st.lists(EXPRS, min_size=1, max_size=4)
WEIGHTS = st.sampled_from([1, 2, 3, 7, "1/2", "5/3"])
CLAIMS = st.tuples(EXPRS, st.sampled_from([">=", "<=", ">", "="]), EXPRS).map(" ".join)


ORDERS = st.permutations(V).flatmap(lambda p: st.sampled_from([p, p[:2]]))
NEW = {"a": "x", "b": "y", "c": "z"}


def renamed(value: Any) -> Any:
    """The same steps about x, y, z: names and rules have longer words."""
    if isinstance(value, dict):
        keep = ("id", "by", "of")
        return {k: v if k in keep else renamed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [renamed(v) for v in value]
    return (
        re.sub(r"(?<![a-z])[abc](?![a-z])", lambda m: NEW[m[0]], value)
        if isinstance(value, str)
        else value
    )


@st.composite
def block(draw: st.DrawFn) -> dict[str, Any]:
    by = draw(st.sampled_from(["wlog", "cases", "substitute"]))
    if by == "wlog":
        return {"by": by, "order": draw(ORDERS), "steps": draw(steps(blocks=False))}
    if by == "cases":
        parts = draw(st.lists(st.tuples(ORDERS, steps(blocks=False)), min_size=1, max_size=3))
        return {"by": by, "cases": [{"order": o, "steps": s} for o, s in parts]}
    names = draw(st.sampled_from([["x"], ["x", "y"], ["x", "y", "z"], ["t_1", "x"]]))
    out: dict[str, Any] = {"by": by, "images": {name: draw(EXPRS) for name in names}}
    out["domain"] = draw(st.sampled_from(["positive", "nonnegative", "real"]))
    lemma = st.sampled_from([f"{names[0]}+{names[-1]} >= 2", f"2*{names[0]}^2 >= {names[-1]}"])
    out["given"] = draw(st.lists(lemma.map(lambda t: t.replace(">=", "=")), max_size=2))
    out["lemma"] = draw(lemma)
    inner = renamed(draw(steps(blocks=False))) if len(names) == 3 else []
    out["steps"] = [*inner, {"id": "u", "claim": out["lemma"], "by": "positive"}]
    return out


@st.composite
def steps(draw: st.DrawFn, *, blocks: bool = True) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for i in range(draw(st.integers(1, 5))):
        step: dict[str, Any] = {"id": f"t{i}", "claim": draw(CLAIMS)}
        if blocks and draw(st.integers(0, 3)) == 0:
            out.append({**step, **draw(block())})
            continue
        rules = ["amgm", "cauchy", "titu", "square", "positive", "shape", "identity", "schur",
                 "jensen"]  # fmt: skip
        if out:
            rules += ["cyclic", "combine", "chain", "multiply", "scale"] * 2
        by = draw(st.sampled_from(rules))
        step["by"] = "positive" if by == "shape" else by
        if by in ("amgm", "schur", "jensen"):
            step["terms"] = draw(LISTS)
        if by == "jensen":
            step["f"] = draw(st.sampled_from(["t^3", "1/(t+1)", "sqrt(t)", "t/(1-t)", "t^(1/3)"]))
            step |= draw(st.sampled_from([{}, {"shape": "convex"}, {"shape": "concave"}]))
        if by in ("amgm", "jensen") and draw(st.booleans()):
            step["weights"] = [draw(WEIGHTS) for _ in step["terms"]]
        if by == "schur":
            step["degree"] = draw(st.integers(0, 3))
        for rule, keys in (("cauchy", ("x", "y")), ("titu", ("nums", "dens"))):
            if by == rule:
                step[keys[0]] = draw(LISTS)
                step[keys[1]] = [draw(EXPRS) for _ in step[keys[0]]]
        if by == "square":
            step["expr"] = draw(st.one_of(EXPRS, LISTS))
            if isinstance(step["expr"], list) and draw(st.booleans()):
                step["weights"] = [draw(WEIGHTS) for _ in step["expr"]]
        if by == "shape":
            step["expr"] = draw(st.sampled_from(["(a-b)^2*(a+b)", "a*b+c", "a^2*b", "a*(b-c)^2"]))
        if by in ("cyclic", "scale"):
            step["of"] = draw(st.sampled_from(out))["id"]
        if by == "scale":
            step["expr"] = draw(EXPRS)
        if by in ("combine", "chain", "multiply"):
            least = 1 if by != "multiply" else 2
            pool = [s["id"] for s in out] + ["given", "given1"]
            step["of"] = [draw(st.sampled_from(pool)) for _ in range(draw(st.integers(least, 3)))]
        if by == "combine" and draw(st.booleans()):
            step["weights"] = [draw(WEIGHTS) for _ in step["of"]]
        out.append(step)
    return out


@settings(max_examples=300, deadline=None)
@given(steps(), st.integers(0, 100))
def test_any_steps_read_back(drawn: list[dict[str, Any]], phrasing: int) -> None:
    text = render_proof(drawn, phrasing, variables=V)
    read = read_proof(text, V)
    assert read.unread == []
    assert read.steps == canonical_steps(drawn, V)


def test_canonical_steps_check_like_their_source() -> None:
    for case in CASES:
        p = case["problem"]
        statement = parse_statement(p["variables"], p["domain"], p["given"], p["goal"])
        ready = canonical_steps(case["steps"], p["variables"])
        assert check_proof(statement, ready).grade == "proved"
        assert canonical_steps(ready, p["variables"]) == ready


def test_proofs_are_compact() -> None:
    for case in CASES:
        text = render_proof(case["steps"], 0, variables=case["problem"]["variables"])
        plain = all("steps" not in s and "cases" not in s for s in case["steps"])
        assert len(text.splitlines()) == len(case["steps"]) if plain else len(text) < 1200
