"""Students and judges whose quality is known: do our intervals hold it as often as they say?

A student answers with planted shares of right, subtly wrong, empty, injected and cut-off proofs; a
judge errs at planted rates; an audit measures the judge on a sample of its own. Everything then
goes through the real counting, 2,000 times.
"""

from collections import Counter
from functools import cache
from typing import Literal

import numpy as np
import pytest

from olympiad_ineq.eval.audit import audited, counts
from olympiad_ineq.eval.score import score, with_opinions
from olympiad_ineq.records import AuditItem, Judgement, Opinion, Prediction, Problem, Proof

RUNS = 2000
N = 200
KINDS = ("right", "wrong", "empty", "injected", "cut off")
BASE = (0.20, 0.50, 0.05, 0.05, 0.20)
TUNED = (0.45, 0.35, 0.03, 0.07, 0.10)
SENSITIVITY, FALSE_ACCEPT = 0.90, 0.15
SOUND, MUTANTS = 100, 304
Outcome = Literal["accepted", "rejected"]
OUTCOMES: tuple[Outcome, Outcome] = ("rejected", "accepted")


@cache
def judgement(number: int, kind: str, run: str) -> Judgement:
    return Judgement(
        id=f"p{number}", run=run, grade="proved" if kind == "right" else "open", reason="",
        truncated=kind == "cut off", technique="amgm", difficulty=1, family=f"f{number}",
    )  # fmt: skip


@cache
def opinion(number: int, accepted: bool, settled: bool) -> Opinion:
    return Opinion(
        id=f"p{number}", outcome=OUTCOMES[accepted], settled="nothing to read" if settled else ""
    )


@cache
def answer(number: int, run: str) -> Prediction:
    return Prediction(
        id=f"p{number}", run=run, prompt_tokens=1, completion_tokens=1, finish="stop", text=""
    )


@cache
def item(number: int, kind: Literal["sound", "mutant"]) -> AuditItem:
    problem = Problem(text="", variables=("a",), domain="real", goal="", technique="sos",
                      difficulty=1)  # fmt: skip
    return AuditItem(
        id=f"{kind}{number}", kind=kind, type=kind, problem=problem, proof=Proof(text=""),
        grade="open", reason="", family="", canonical_key="",
    )  # fmt: skip


def answered(draw: np.random.Generator, before: list[str] | None) -> list[str]:
    """Kinds of answers; problems that the base model solves are easier for the tuned one too."""
    if before is None:
        return [KINDS[i] for i in draw.choice(5, N, p=BASE)]
    stays = draw.random(N) < 0.5
    fresh = [KINDS[i] for i in draw.choice(5, N, p=TUNED)]
    return [
        "right" if kind == "right" and stay else new
        for kind, stay, new in zip(before, stays, fresh, strict=True)
    ]


# A problem that the base model solves is solved again with certainty in half the cases.
TUNED_RIGHT = TUNED[0] + BASE[0] * 0.5 * (1 - TUNED[0])


def judge(draw: np.random.Generator, kinds: list[str]) -> list[Opinion]:
    chance = {"right": SENSITIVITY, "wrong": FALSE_ACCEPT, "injected": FALSE_ACCEPT}
    luck = draw.random(N)
    return [
        opinion(n, bool(luck[n] < chance.get(kind, 0.0)), kind in ("empty", "cut off"))
        for n, kind in enumerate(kinds)
    ]


def measured(draw: np.random.Generator) -> dict[str, object]:
    sound = draw.random(SOUND) < SENSITIVITY
    wrong = draw.random(MUTANTS) < FALSE_ACCEPT
    rows = [(item(n, "sound"), OUTCOMES[int(said)]) for n, said in enumerate(sound)]
    rows += [(item(n, "mutant"), OUTCOMES[int(said)]) for n, said in enumerate(wrong)]
    return {"model": {"believed": True, "because": "", "counts": counts(rows)._asdict()}}


def test_intervals_hold_the_planted_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(20260101)
    asked = 1 - BASE[2] - BASE[4]
    truth = {
        "proved": BASE[0],
        "judged": BASE[0] * SENSITIVITY + (asked - BASE[0]) * FALSE_ACCEPT,
        "corrected": BASE[0],
        "paired": TUNED_RIGHT - BASE[0],
    }
    hits: Counter[str] = Counter()
    answers = [answer(n, "baseline") for n in range(N)]
    later = [answer(n, "final") for n in range(N)]
    for _ in range(RUNS):
        kinds = answered(draw, None)
        rows = [judgement(n, kind, "baseline") for n, kind in enumerate(kinds)]
        rows = with_opinions(rows, judge(draw, kinds))
        found = score("baseline", rows, answers, {}, audit=measured(draw))
        tuned = [judgement(n, k, "final") for n, k in enumerate(answered(draw, kinds))]
        found["paired"] = score("final", tuned, later, {}, reference=rows)["paired"]
        for name, value in truth.items():
            low, high = found[name]["interval"]
            hits[name] += low <= value <= high
    covered = {name: hits[name] / RUNS for name in truth}
    print(covered)
    assert all(0.93 <= share <= 0.97 for share in covered.values()), covered


def test_the_uncorrected_rate_misses_the_truth() -> None:
    """What the correction is for: a lenient judge's interval excludes the truth."""
    draw = np.random.default_rng(1)
    kinds = answered(draw, None)
    rows = [judgement(n, kind, "baseline") for n, kind in enumerate(kinds)]
    rows = with_opinions(rows, judge(draw, kinds))
    found = score(
        "baseline", rows, [answer(n, "baseline") for n in range(N)], {}, audit=measured(draw)
    )
    assert found["judged"]["rate"] > found["corrected"]["rate"]
    low, high = found["corrected"]["interval"]
    assert low < BASE[0] < high


def test_the_audit_counts_by_type_with_exact_intervals() -> None:
    rows = [(item(n, "sound"), OUTCOMES[n < 90]) for n in range(100)]
    rows += [(item(n, "mutant"), OUTCOMES[n < 3]) for n in range(300)]
    found = audited(rows, 0.95)
    assert found["false_reject"]["rate"] == 0.1 and found["false_accept"]["count"] == 3
    # Clopper-Pearson for 3 of 300, as in any table of it
    assert found["false_accept"]["interval"] == pytest.approx([0.00207, 0.02894], abs=5e-5)
    assert found["youden"]["value"] == pytest.approx(0.89)
