"""How good are the graders? Their verdicts on the audit set, counted by type of error.

The checker is audited like the judge: it reads the same prose, while the items' worth was settled
on their formal steps. So its false rejects are measured, and its false accepts are a real test of
how it reads.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from tqdm import tqdm

from olympiad_ineq.eval.score import Graded, grade_answer, require_same_ids
from olympiad_ineq.eval.statistics import Audited, exact, proportion
from olympiad_ineq.limits import Limit, run_limited
from olympiad_ineq.records import AuditItem, Json, Opinion
from olympiad_ineq.settings import Floor, Judge

Verdict = Literal["accepted", "rejected", "unscored"]
Rows = Sequence[tuple[AuditItem, Verdict]]


def counts(verdicts: Rows) -> Audited:
    """Sound proofs and mutants, of those scored: what the correction of a rate rests on.

    Empty answers and attacks are counted apart: no share of them in a student's answers is known,
    and most are rejected without asking.
    """
    scored = [(item.kind, verdict) for item, verdict in verdicts if verdict != "unscored"]
    sound = [verdict for kind, verdict in scored if kind == "sound"]
    wrong = [verdict for kind, verdict in scored if kind == "mutant"]
    return Audited(len(sound), sound.count("accepted"), len(wrong), wrong.count("rejected"))


def audited(verdicts: Rows, confidence: float) -> Json:
    """One grader's errors: false accepts and false rejects with exact intervals, by type."""
    sound = [pair for pair in verdicts if pair[0].kind == "sound"]
    groups = {
        kind: [pair for pair in verdicts if pair[0].kind == kind]
        for kind in ("mutant", "empty", "attack")
    }
    errors: dict[str, list[tuple[AuditItem, Verdict]]] = {}
    for item, verdict in groups["mutant"]:
        errors.setdefault(item.type, []).append((item, verdict))
    index, interval = counts(verdicts).youden(confidence)
    return {
        "false_accept": _errors(groups["mutant"], "accepted", confidence),
        "false_reject": _errors(sound, "rejected", confidence),
        "youden": {"value": index, "interval": list(interval)},
        "by_type": {
            name: _errors(pairs, "accepted", confidence)
            for name, pairs in (errors | {k: groups[k] for k in ("empty", "attack")}).items()
        },
        "by_attack": {
            item.type: verdict for kind in ("empty", "attack") for item, verdict in groups[kind]
        },
        "unscored": _share(
            sum(verdict == "unscored" for _, verdict in verdicts), len(verdicts), confidence
        ),
    }


def _errors(pairs: Rows, wrong: Verdict, confidence: float) -> Json:
    """How many of the scored ones got the wrong verdict; those unscored are said beside it."""
    found = [verdict for _, verdict in pairs]
    unscored = found.count("unscored")
    n, count = len(found) - unscored, found.count(wrong)
    return {
        "n": n,
        "count": count,
        "rate": count / n if n else None,
        "interval": list(exact(count, n, confidence)),
        "unscored": unscored,
    }


def _share(count: int, n: int, confidence: float) -> Json:
    interval = list(proportion(count, n, confidence))
    return {"n": n, "count": count, "rate": count / n if n else None, "interval": interval}


def located(items: Iterable[AuditItem], opinions: Mapping[str, Opinion]) -> Json:
    """Of the mutants rejected with a quotation: how often it is the step that is wrong."""
    n = count = 0
    for item in items:
        said = opinions[item.id]
        quotes = [
            b.first_bad_step for b in said.ballots if b.vote == "invalid" and b.first_bad_step
        ]
        if item.kind == "mutant" and item.quote and quotes:
            n += 1
            count += _same(quotes[0], item.quote)
    return {"n": n, "count": count, "rate": count / n if n else None}


def _same(said: str, line: str) -> bool:
    one, other = ("".join(text.split()) for text in (said, line))
    return one in other or other in one


def believed(audit: Json, floor: Floor) -> tuple[bool, str]:
    """Whether a judge's opinion may carry the headline, and why not."""
    low = audit["youden"]["interval"][0]
    unscored = audit["unscored"]["rate"] or 0.0
    if unscored > floor.unscored:
        return False, (
            f"{unscored:.0%} of its judgements of the audit set could not be read; "
            f"at most {floor.unscored:.0%} may be"
        )
    if low < floor.youden:
        return False, (
            f"Youden's index on the audit set is {audit['youden']['value']:.2f}, at least "
            f"{low:.2f} with confidence; the floor is {floor.youden:.2f} (a coin has 0)"
        )
    return True, (
        f"Youden's index on the audit set is at least {low:.2f}, above the floor {floor.youden:.2f}"
    )


def check_items(
    items: Sequence[AuditItem], *, seconds: float, memory_mb: int, workers: int
) -> list[Graded]:
    """The checker's verdict on the prose of each item, in child processes as for any answer."""
    outcomes = run_limited(
        grade_answer,
        [(item.problem, item.proof.text) for item in items],
        seconds=seconds,
        memory_mb=memory_mb,
        workers=workers,
    )
    bar = tqdm(outcomes, total=len(items), desc="audit", unit="proof", disable=None)
    return [Graded("limit", o.reason) if isinstance(o, Limit) else o for o in bar]


def audit(
    items: Sequence[AuditItem],
    grades: Sequence[Graded],
    opinions: Sequence[Opinion] | None,
    judge: Judge | None,
    confidence: float,
) -> Json:
    """The content of results/eval/judge_audit.json.

    Raises:
        UserError: the opinions are not about these items.
    """
    accepted: dict[bool, Verdict] = {True: "accepted", False: "rejected"}
    checked = [
        (item, accepted[graded.grade == "proved"])
        for item, graded in zip(items, grades, strict=True)
    ]
    found: Json = {
        "items": len(items),
        "confidence": confidence,
        "intervals": "Clopper-Pearson; of Youden's index Newcombe's",
        "checker": audited(checked, confidence),
        "model": None,
    }
    if opinions is not None and judge is not None:
        require_same_ids("audit set", [i.id for i in items], "opinions", [o.id for o in opinions])
        said = {opinion.id: opinion for opinion in opinions}
        rows: Rows = [(item, said[item.id].outcome) for item in items]
        model = audited(rows, confidence)
        trusted, because = believed(model, judge.floor)
        found["model"] = {
            "name": judge.model.name,
            "family": judge.model.family,
            "votes": judge.votes,
            "believed": trusted,
            "because": because,
            "floor": judge.floor.model_dump(),
            "counts": counts(rows)._asdict(),
            "located": located(items, said),
            "asked": sum(not opinion.settled for opinion in opinions),
            **model,
        }
    return found
