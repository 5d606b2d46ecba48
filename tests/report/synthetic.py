"""A results folder as the stages before the report would leave it, made up, hostile in places."""

import json
import random
from pathlib import Path
from typing import Literal

from olympiad_ineq import artifacts
from olympiad_ineq.audit import audit_set
from olympiad_ineq.eval.audit import audit
from olympiad_ineq.eval.controls import crossed
from olympiad_ineq.eval.score import Graded, score
from olympiad_ineq.records import (
    GRADES,
    TECHNIQUES,
    AuditItem,
    Ballot,
    Example,
    Grade,
    Json,
    Judgement,
    Opinion,
    Prediction,
    Problem,
    Proof,
    Record,
    Source,
    Technique,
    Verdict,
)
from olympiad_ineq.report.data import Extras, Paths
from olympiad_ineq.settings import Judge, Model

HOSTILE = [
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "(1) $\\text{</span><script>alert(1)</script>}$ and $\\href{javascript:alert(1)}{x}$.",
    "\\frac{ and $\\frac{$ and $\\unknown{a}$ and $$ unclosed",
    "(1) " + "$a+b \\ge 2\\sqrt{ab}$ praise " * 2500,
    "$" + "{" * 900 + "x" + "}" * 900 + "$",
    "",
    "\u202eevorp\u202c \x00\x07 \u200b hidden",
    '$\\class{x" onmouseover="alert(1)}{y}$ $\\style{position:fixed}{y}$',
    "{{ 7*7 }} {% raw %} ${7*7}$ <!-- --> ]]> &lt;b&gt;",
    "$" + "+".join(f"x_{{{i}}}^2" for i in range(70)) + "\\ge 0$",
]

PROVED = """We sum simple inequalities.
(1) By AM-GM applied to $a^3$, $b^3$ with weights $2, 1$, $2a^3 + b^3 \\ge 3a^2b$.
(2) By AM-GM applied to $b^3$, $c^3$ with weights $2, 1$, $2b^3 + c^3 \\ge 3b^2c$.
(3) By AM-GM applied to $c^3$, $a^3$ with weights $2, 1$, $2c^3 + a^3 \\ge 3c^2a$.
(4) Adding (1), (2) and (3), $3(a^3+b^3+c^3) \\ge 3(a^2b + b^2c + c^2a)$.
Dividing by $3$ gives the claim. Equality holds when $a = b = c$."""

CLOSE = """(1) By Cauchy-Schwarz, \\
$\\left(\\frac{a^2}{b} + \\frac{b^2}{c} + \\frac{c^2}{a}\\right)(b+c+a) \\ge (a+b+c)^2$.
(2) Hence $\\frac{a^2}{b} + \\frac{b^2}{c} + \\frac{c^2}{a} \\ge 2(a+b+c)$.
(3) This is the claim."""

RAMBLE = """Let $a, b, c$ be positive real numbers. \\
Then $a^2 + b^2 + c^2 \\ge ab + bc + ca$ so we have
$$\\sqrt{\\frac{a^2+b^2+c^2}{3}} \\ge \\frac{a+b+c}{3}.$$
Therefore the inequality is true. Therefore the inequality is true. Therefore the inequality is"""

GOALS = [
    "a^3 + b^3 + c^3 \\ge a^2 b + b^2 c + c^2 a",
    "\\frac{a^2}{b} + \\frac{b^2}{c} + \\frac{c^2}{a} \\ge a + b + c",
    "(a+b+c)\\left(\\frac{1}{a} + \\frac{1}{b} + \\frac{1}{c}\\right) \\ge 9",
    "x^4 + y^4 + 2 \\ge 4xy",
    "2x^2 + 5y^2 + 3 \\ge 2xy + 6y",
    "\\sqrt{\\frac{x^2 + y^2}{2}} \\ge \\frac{x+y}{2}",
]

REASONS: dict[str, str] = {
    "proved": "every step and the goal",
    "supported": "the reason of a step was not matched",
    "open": "the claim $2b^3 + c^3 \\ge 3b^2c$ has no certificate",
    "refuted": "false at a = 1, b = 1, c = 1: 3 < 6",
    "unreadable": "no displayed relation at character 17",
    "limit": "took longer than 10 s",
    "truncated": "the answer was cut off after 320 tokens, before its end",
}


def problem(random_: random.Random, number: int) -> Problem:
    """A problem in the style of the symbolic source."""
    technique: Technique = TECHNIQUES[number % 4]
    goal = random_.choice(GOALS)
    return Problem(
        text=f"Let $a, b, c, x, y$ be positive real numbers. Prove that ${number + 2}\\cdot"
        f"\\left({goal.split(chr(92) + 'ge')[0]}\\right) \\ge {number + 2}\\left("
        f"{goal.split(chr(92) + 'ge')[1]}\\right)$.",
        variables=("a", "b", "c", "x", "y"),
        domain="positive",
        goal="a^3 + b^3 + c^3 >= a^2*b + b^2*c + c^2*a",
        technique=technique,
        difficulty=1 + number // 4 % 3,
    )


def example(random_: random.Random, number: int, side: str) -> Example:
    """One row of a split."""
    said = problem(random_, number)
    return Example(
        id=f"{side}{number:012x}",
        prompt=said.text,
        completion=PROVED,
        grade="proved",
        technique=said.technique,
        difficulty=said.difficulty,
        family=f"{side}-family-{number}",
        canonical_key=f"{side}-{number}",
        problem=said,
        proof=Proof(text=PROVED),
        evidence={},
        source=Source(kind="symbolic", name="synthetic", family=f"{side}-family-{number}"),
    )


def answers(
    run: str, test: list[Example], chances: dict[str, float], seed: int
) -> tuple[list[Prediction], list[Judgement]]:
    """Answers of a run with these chances of each outcome; the first ones are hostile."""
    random_ = random.Random(seed)
    said, found = [], []
    for number, row in enumerate(test):
        outcome = random_.choices(list(chances), list(chances.values()))[0]
        text = {"proved": PROVED, "truncated": RAMBLE, "unreadable": RAMBLE}.get(outcome, CLOSE)
        if number < len(HOSTILE):
            outcome, text = "unreadable", HOSTILE[number]
        truncated = outcome == "truncated"
        grade: Grade = next((g for g in GRADES if g == outcome), "limit")
        step = {"refuted": "2", "open": "s2"}.get(outcome)
        said.append(
            Prediction(
                id=row.id,
                run=run,
                prompt_tokens=90,
                completion_tokens=320 if truncated else 150,
                finish="length" if truncated else "stop",
                text=text,
            )
        )
        found.append(
            Judgement(
                id=row.id,
                run=run,
                grade=grade,
                reason=HOSTILE[number] if number < len(HOSTILE) else REASONS[outcome],
                step=step,
                truncated=truncated,
                technique=row.technique,
                difficulty=row.difficulty,
                family=row.family,
            )
        )
    return said, found


VOTES: dict[str, Literal["valid", "invalid", "unscored"]] = {
    "accepted": "valid", "rejected": "invalid", "unscored": "unscored",
}  # fmt: skip


def judged(found: list[Judgement], seed: int) -> list[Judgement]:
    """The judgements with a judge's opinions, hostile where the answers are."""
    random_ = random.Random(seed)
    rows = []
    for number, judgement in enumerate(found):
        chance = 0.9 if judgement.grade == "proved" else 0.2
        outcome: Literal["accepted", "rejected", "unscored"]
        outcome = "accepted" if random_.random() < chance else "rejected"
        if number % 17 == 3:
            outcome = "unscored"
        words = HOSTILE[number % len(HOSTILE)] if number < 30 else "The second step fails."
        ballot = Ballot(
            vote=VOTES[outcome],
            reason=words[:600], first_bad_step="" if outcome == "accepted" else words[:300],
            sketch=words[:500],
        )  # fmt: skip
        settled = "the answer was cut off before its end" if judgement.truncated else ""
        opinion = Opinion(
            id=judgement.id, outcome="rejected" if settled else outcome, settled=settled,
            ballots=() if settled else (ballot,), quoted=False,
        )  # fmt: skip
        rows.append(judgement.model_copy(update={"opinion": opinion}))
    return rows


def audit_of(items: list[AuditItem]) -> Json:
    """An audit of a judge that is too lenient to be believed."""
    grades = [Graded("proved" if i.kind == "sound" else "open", "") for i in items]
    random_ = random.Random(3)
    opinions = [
        Opinion(id=i.id, outcome="accepted" if random_.random() < 0.8 else "rejected")
        for i in items
    ]
    judge = Judge(model=Model(name="lenient-judge", family="other"))
    return audit(items, grades, opinions, judge, 0.95)


BASELINE = {"proved": 0.02, "refuted": 0.2, "unreadable": 0.4, "truncated": 0.3, "open": 0.08}
FINAL = {"proved": 0.42, "refuted": 0.34, "open": 0.14, "supported": 0.06, "truncated": 0.04}


def write(
    folder: Path, tested: int = 200, trained: int = 700, *, with_judge: bool = False
) -> tuple[Json, Json, Paths]:
    """Write every artifact that the report reads, and return the two results and the paths."""
    random_ = random.Random(5)
    test = [example(random_, number, "test") for number in range(tested)]
    train = [example(random_, number, "train") for number in range(trained)]
    paths = Paths(
        baseline_judgements=folder / "baseline" / "judgements.jsonl",
        final_judgements=folder / "final" / "judgements.jsonl",
        baseline_predictions=folder / "baseline" / "predictions.jsonl",
        final_predictions=folder / "final" / "predictions.jsonl",
        test=folder / "test.parquet",
        train=folder / "train.parquet",
        verdicts=folder / "verdicts.jsonl",
        loss=folder / "loss.json",
    )
    first = answers("baseline", test, BASELINE, 1)
    second = answers("final", test, FINAL, 2)
    manifest: Json = {"model": {"name": "SmolLM2-135M-Instruct", "sha256": "0a1b2c3d4e5f6789"}}
    manifest |= {"seed": 7, "seconds": 71.5}
    measured = audit_of(audit_set(seed=9, sound=12, mutants=16))
    artifacts.write_json(folder / "judge_audit.json", measured)
    if with_judge:
        first, second = (
            (said, judged(found, n)) for n, (said, found) in enumerate((first, second))
        )
    baseline = score(
        "baseline", first[1], first[0], manifest | {"prompting": {"shots": 4}}, audit=measured
    )
    final = score(
        "final", second[1], second[0], manifest | {"prompting": {"shots": 0}}, reference=first[1],
        audit=measured,
    )  # fmt: skip
    if with_judge:
        other = {
            run: [row.model_copy(update={"run": run}) for row in rows]
            for run, rows in (("base_zero_shot", first[1]), ("tuned_few_shot", second[1]))
        }
        results = {"baseline": baseline, "final": final} | {
            run: score(run, rows, [p.model_copy(update={"run": run}) for p in said], manifest)
            for (run, rows), said in zip(other.items(), (first[0], second[0]), strict=True)
        }
        rows = {"baseline": first[1], "final": second[1]} | other
        artifacts.write_json(folder / "controls.json", crossed(results, rows, 0.95))
    lines: list[tuple[Path, list[Record]]] = [
        (paths.baseline_predictions, [*first[0]]),
        (paths.baseline_judgements, [*first[1]]),
        (paths.final_predictions, [*second[0]]),
        (paths.final_judgements, [*second[1]]),
        (paths.verdicts, [*_verdicts(test, train)]),
    ]
    for path, records in lines:
        artifacts.write_jsonl(path, records)
    artifacts.write_parquet(paths.test, test, Example)
    artifacts.write_parquet(paths.train, train, Example)
    curve = [
        {
            "step": step,
            "tokens": 1250 * step,
            "loss": 1.7 * 0.985**step + 0.12 + 0.05 * random_.random(),
            "lr": 3e-4,
            "tokens_per_second": 210,
        }
        for step in range(1, 176)
    ]
    paths.loss.write_text(json.dumps(curve), encoding="utf-8")
    artifacts.write_json(folder / "baseline.json", baseline)
    artifacts.write_json(folder / "final.json", final)
    return baseline, final, paths


def _verdicts(test: list[Example], train: list[Example]) -> list[Verdict]:
    used = [
        Verdict(id=e.id, grade="proved", reason="", canonical_key=e.canonical_key, family=e.family)
        for e in (*test, *train)
    ]
    counts: dict[Grade, int] = {"proved": 500, "open": 60, "refuted": 30, "limit": 10}
    grades = [grade for grade, count in counts.items() for _ in range(count)]
    spare = [
        Verdict(id=f"v{n}", grade=grade, reason="", canonical_key=f"k{n % 400}", family=f"f{n}")
        for n, grade in enumerate(grades)
    ]
    return used + spare


def extras(folder: Path) -> Extras:
    """What else a full run has: audit, controls, and classics (here: the runs themselves)."""
    points = [
        {"run": f"curve_{n}_s1", "examples": n, "proved": n // 20, "n": 200,
         "interval": [n / 5000, n / 3000]}
        for n in (250, 500, 1000)
    ]  # fmt: skip
    cost = {"unit": "GPU-hours", "training": 0.5, "data": 1.25}
    artifacts.write_json(
        folder / "learning.json",
        {"decision": "stop", "reason": "twice the data add little", "cost": cost, "points": points},
    )
    return Extras(
        audit=folder / "judge_audit.json",
        controls=folder / "controls.json",
        classics_baseline=folder / "baseline.json",
        classics_final=folder / "final.json",
        learning=folder / "learning.json",
    )
