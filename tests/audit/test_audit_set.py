"""The audit set: what each item is worth is known, and stays so whoever reads it."""

import unicodedata
from collections import Counter

import pytest

from benchmarks.common.mutants import refutes
from olympiad_ineq.audit import ATTACKS, EMPTY, ERRORS, audit_set
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof, grade_text
from olympiad_ineq.records import AuditItem


@pytest.fixture(scope="module")
def items() -> list[AuditItem]:
    return audit_set(seed=5, sound=16, mutants=48)


def graded(item: AuditItem) -> str:
    p = item.problem
    return grade_text(p.variables, p.domain, p.given, p.goal, item.proof.text).grade


def test_as_many_of_each_as_asked(items: list[AuditItem]) -> None:
    assert Counter(i.kind for i in items) == {
        "sound": 16, "mutant": 48, "empty": len(EMPTY), "attack": len(ATTACKS)
    }  # fmt: skip
    assert Counter(i.type for i in items if i.kind == "mutant") == dict.fromkeys(ERRORS, 6)
    assert len(ATTACKS) >= 40 and len({i.id for i in items}) == len(items)
    assert items == audit_set(seed=5, sound=16, mutants=48)
    assert items != audit_set(seed=6, sound=16, mutants=48)


def test_the_kernel_proves_the_sound_ones_alone(items: list[AuditItem]) -> None:
    for item in items:
        p = item.problem
        statement = parse_statement(p.variables, p.domain, p.given, p.goal)
        steps, equality = item.proof.steps, item.proof.equality or None
        replayed = check_proof(statement, steps, equality)
        if item.kind == "sound":
            assert item.grade == replayed.grade == "proved", item
        else:
            assert item.grade not in ("proved", "supported") and item.reason, item
            assert replayed.grade not in ("proved", "supported"), item
        if item.kind == "mutant":
            assert (item.grade, item.step) == (replayed.grade, replayed.step) and item.change


def test_false_claims_are_false_by_an_evaluator_of_its_own(items: list[AuditItem]) -> None:
    """Turned and changed claims fail at the kernel's point without the kernel's arithmetic."""
    shown = 0
    for item in items:
        if item.type not in ("constant", "direction") or " is false at " not in item.reason:
            continue
        claim, at = item.reason.rsplit("(", 1)[1].rstrip(")").split(" is false at ")
        point = dict(part.split(" = ") for part in at.split(", "))
        if "(" in claim or claim.count("=") != 1:
            continue
        problem = {
            "variables": list(item.problem.variables), "domain": item.problem.domain,
            "given": list(item.problem.given), "goal": claim,
        }  # fmt: skip
        assert refutes(problem, point), item
        shown += 1
    assert shown >= 4


def test_in_prose_the_checker_accepts_no_bad_one(items: list[AuditItem]) -> None:
    found = {item.id: graded(item) for item in items}
    assert not [i for i in items if i.kind != "sound" and found[i.id] in ("proved", "supported")]
    assert all(found[i.id] == "proved" for i in items if i.kind == "sound")


def test_avoided_families_and_keys_do_not_occur(items: list[AuditItem]) -> None:
    families, keys = {i.family for i in items[:8]}, {i.canonical_key for i in items[8:16]}
    others = audit_set(seed=5, sound=16, mutants=8, avoid=families | keys)
    assert not families & {i.family for i in others}
    assert not keys & {i.canonical_key for i in others}


def test_attacks_differ_and_some_are_huge_or_disguised() -> None:
    texts = {name: attack("a^2 \\ge 0") for name, attack in ATTACKS.items()}
    assert len(set(texts.values())) == len(texts)
    assert len(texts["praise"]) > 50_000
    scripts = {unicodedata.name(c, "").split()[0] for c in texts["homoglyphs"] if c.isalpha()}
    assert "CYRILLIC" in scripts
