"""The second model: its votes on what the checker left open, and how far they can be trusted.

The same panel, with the same prompt, votes on proofs of known quality that its prompt does not
hold; how often it accepts what is wrong there decides whether what it accepts enters the data.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.audit import audit_set
from olympiad_ineq.eval.statistics import exact
from olympiad_ineq.llm import open_engine
from olympiad_ineq.llm.tokens import count_tokens
from olympiad_ineq.opinion import (
    Panel,
    Question,
    Worked,
    cast_votes,
    requests_for,
    settled,
    worked_examples,
)
from olympiad_ineq.records import AuditItem, Candidate, Json, Verdict, Vote
from olympiad_ineq.settings import MOST_SHOTS, QUESTION_ROOM, UNSAID_CONTEXT, Verifier

CONFIDENCE = 0.95


def verify_open(
    candidates: Path,
    verdicts: Path,
    out: Path,
    audit: Path,
    journal: Path,
    *,
    settings: Verifier,
    seed: int,
    revision: int = 1,
) -> list[Vote]:
    """The second model's votes on exactly those candidates that the checker left open.

    Writes the votes in the order of the candidates, the audit of the voter, and a manifest.
    Where nothing was left open nobody is asked, and the audit says so.

    Raises:
        UserError: the worked examples do not fit the model's context, or its engine cannot be had.
    """
    started = time.time()
    questions = _left_open(candidates, verdicts)
    asked = any(not question.settled for question in questions)
    worked = worked_for(settings, seed, revision) if asked else []
    panel = panel_of(settings, len(worked), revision)
    avoid = {name for example in worked for name in example.known_as}
    items = (
        audit_set(
            seed=seed,
            sound=settings.audit_sound,
            mutants=settings.audit_mutants,
            avoid=avoid,
        )
        if asked
        else []
    )
    both = [*questions, *map(_audit_question, items)]
    votes, facts = cast_votes(both, panel, worked, journal, stage="verify_model", seed=seed)
    own, graded = votes[: len(questions)], votes[len(questions) :]
    told = audited(items, graded, settings) | {"model": settings.model.name, "shots": len(worked)}
    artifacts.write_json(audit, told)
    artifacts.write_jsonl(out, own)
    artifacts.write_manifest(
        out,
        stage="verify_model",
        inputs=[candidates, verdicts],
        settings=settings.model_dump(mode="json"),
        started=started,
        extra={
            **facts,
            "seed": seed,
            "shots": len(worked),
            "outcomes": dict(sorted(Counter(vote.outcome for vote in own).items())),
            "ballots": dict(sorted(Counter(b for vote in own for b in vote.votes).items())),
            "trusted": told["trusted"],
        },
    )
    print(f"verify_model: {len(own)} candidates left open; {told['reason']}")
    return own


def panel_of(settings: Verifier, shots: int, revision: int = 1) -> Panel:
    """The panel that the settings describe."""
    return Panel(
        model=settings.model,
        votes=settings.votes,
        shots=shots,
        temperature=settings.temperature,
        max_new_tokens=settings.max_new_tokens,
        edition=revision,
    )


def worked_for(settings: Verifier, seed: int, revision: int = 1) -> list[Worked]:
    """The prompt's worked examples: as many as are asked for, or as many as the context holds."""
    if settings.shots is not None:
        return worked_examples(settings.shots, seed)
    every = worked_examples(MOST_SHOTS, seed)
    panel = panel_of(settings, MOST_SHOTS, revision)
    stand_in = Question("", "x" * 400, ("a+b " * QUESTION_ROOM)[: QUESTION_ROOM - 400])
    low, high = 0, len(every)
    if settings.model.engine == "openai":  # its tokenizer is not here
        room = (settings.model.max_model_len or UNSAID_CONTEXT) - settings.max_new_tokens
        while low < high:
            middle = (low + high + 1) // 2
            request = requests_for(stand_in, panel, every[:middle], seed)[0]
            low, high = (middle, high) if count_tokens(request) <= room else (low, middle - 1)
        return every[:low]
    with closing(open_engine(settings.model)) as engine:
        while low < high:
            middle = (low + high + 1) // 2
            request = requests_for(stand_in, panel, every[:middle], seed)[0]
            low, high = (low, middle - 1) if engine.excess(request) else (middle, high)
    return every[:low]


def _left_open(candidates: Path, verdicts: Path) -> list[Question]:
    undecided = {
        verdict.id
        for verdict in artifacts.read_jsonl(verdicts, Verdict)
        if verdict.grade in ("open", "limit")
    }
    return [
        Question(
            candidate.id,
            candidate.problem.text,
            candidate.proof.text,
            settled(candidate.proof.text),
        )
        for candidate in artifacts.read_jsonl(candidates, Candidate)
        if candidate.id in undecided
    ]


def _audit_question(item: AuditItem) -> Question:
    text = item.proof.text
    return Question(f"audit {item.id}", item.problem.text, text, settled(text))


def audited(items: Sequence[AuditItem], votes: Sequence[Vote], settings: Verifier) -> Json:
    """How the panel did on proofs of known quality, and whether that is good enough.

    Rates are of proofs that it was asked about; those rejected unasked (nothing said, a book of
    it) are counted apart. What is neither accepted nor rejected counts as not accepted.

    Returns:
        "false_accept" and "false_reject" with exact (Clopper-Pearson) intervals, the same
        "by_type", "trusted" and, in words, its "reason".
    """
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item, vote in zip(items, votes, strict=True):
        groups[item.kind, item.type][vote.outcome if vote.votes else "unasked"] += 1
    sound, wrong = Counter[str](), Counter[str]()
    by_type = []
    for (kind, name), found in groups.items():
        (sound if kind == "sound" else wrong).update(found)
        by_type.append({"kind": kind, "type": name, **_tally(found), "errors": _rate(kind, found)})
    accepted, n = wrong["accepted"], _asked(wrong)
    reliable = 1 - exact(accepted, n, CONFIDENCE).high if n else 0.0
    trusted = n > 0 and reliable >= settings.floor
    return {
        "items": len(items),
        "sound": _tally(sound),
        "wrong": _tally(wrong),
        "false_accept": _rate("wrong", wrong),
        "false_reject": _rate("sound", sound),
        "by_type": by_type,
        "confidence": CONFIDENCE,
        "floor": settings.floor,
        "trusted": trusted,
        "reason": _reason(accepted, n, reliable, settings.floor, trusted),
    }


def _tally(found: Counter[str]) -> Json:
    return {name: found[name] for name in ("accepted", "rejected", "unscored", "unasked")}


def _asked(found: Counter[str]) -> int:
    return found.total() - found["unasked"]


def _rate(kind: str, found: Counter[str]) -> Json:
    """Errors among those asked: sound ones that were not accepted, wrong ones that were."""
    n = _asked(found)
    count = n - found["accepted"] if kind == "sound" else found["accepted"]
    low, high = exact(count, n, CONFIDENCE)
    return {"count": count, "n": n, "rate": count / n if n else None, "interval": [low, high]}


def _reason(accepted: int, n: int, reliable: float, floor: float, trusted: bool) -> str:
    if n == 0:
        return "nothing was left open, so the verifier was not asked and not audited"
    said = (
        f"it accepted {accepted} of {n} wrong proofs, so it rejects at least "
        f"{100 * reliable:.1f} % of them (95 % interval)"
    )
    if trusted:
        return f"{said}; the floor is {100 * floor:g} %: what it accepts may enter the data"
    return f"{said}, below the floor of {100 * floor:g} %: nothing that it accepts enters the data"
