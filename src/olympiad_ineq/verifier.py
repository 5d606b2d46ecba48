"""The second model: its votes on what the checker left open, and how far they can be trusted.

Its work is dealt to shards, a job each, and gathered again. The same panel, with the same prompt,
votes on proofs of known quality that its prompt does not hold; how often it accepts what is wrong
there decides whether what it accepts enters the data.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from olympiad_ineq import artifacts
from olympiad_ineq.audit import audit_set
from olympiad_ineq.errors import UserError
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
from olympiad_ineq.records import AuditItem, AuditVote, Candidate, Json, Verdict, Vote
from olympiad_ineq.settings import MOST_SHOTS, QUESTION_ROOM, UNSAID_CONTEXT, Verifier

if TYPE_CHECKING:
    from olympiad_ineq.eval.statistics import Interval

CONFIDENCE = 0.95


def vote_on_shard(
    candidates: Path,
    verdicts: Path,
    out: Path,
    audit: Path,
    journal: Path,
    *,
    settings: Verifier,
    seed: int,
    shard: int = 0,
    revision: int = 1,
) -> list[Vote]:
    """The second model's votes on one shard of what the checker left open, and of the audit.

    A shard takes every `shards`-th open candidate and every `shards`-th proof of the audit set.
    What is asked about each of them does not depend on the number of shards. Writes the votes, the
    audit's votes, and a manifest; `gather_votes` puts the shards together. Where nothing was left
    open nobody is asked.

    Raises:
        UserError: there is no such shard, the worked examples do not fit the model's context, or
            its engine cannot be had.
    """
    started = time.time()
    if not 0 <= shard < settings.shards:
        raise UserError(
            f"shard {shard}",
            f"verify.verifier.shards is {settings.shards}",
            f"name one from 0 to {settings.shards - 1}",
        )
    questions = _left_open(candidates, verdicts)
    asked = any(not question.settled for question in questions)
    worked = worked_for(settings, seed, revision) if asked else []
    items = _audit_items(settings, worked, seed) if asked else []
    questions, items = questions[shard :: settings.shards], items[shard :: settings.shards]
    panel = panel_of(settings, len(worked), revision)
    both = [*questions, *map(_audit_question, items)]
    votes, facts = cast_votes(both, panel, worked, journal, stage="verify_model", seed=seed)
    own, graded = votes[: len(questions)], votes[len(questions) :]
    artifacts.write_jsonl(
        audit,
        (
            AuditVote(kind=item.kind, type=item.type, **vote.model_dump())
            for item, vote in zip(items, graded, strict=True)
        ),
    )
    artifacts.write_jsonl(out, own)
    for path in (audit, out):
        artifacts.write_manifest(
            path,
            stage="verify_model",
            inputs=[candidates, verdicts],
            settings=settings.model_dump(mode="json", exclude={"floor"}),
            started=started,
            extra={**facts, "seed": seed, "shard": shard, "shots": len(worked), **_counts(own)},
        )
    print(f"verify_model: shard {shard}, {len(own)} candidates left open, {len(items)} to audit")
    return own


def gather_votes(
    shards: Sequence[Path], audits: Sequence[Path], out: Path, audit: Path, *, settings: Verifier
) -> list[Vote]:
    """All shards' votes in the order of the candidates, and the audit of the voter.

    Args:
        shards, audits: what `vote_on_shard` wrote, in the order of the shards.

    Raises:
        UserError: a shard's file is missing or damaged, or is of a run with other shards.
    """
    started = time.time()
    votes = _interleaved(shards, Vote)
    told = audited(_interleaved(audits, AuditVote), settings)
    facts = [_manifest(path) for path in shards]
    shots = facts[0]["shots"]
    artifacts.write_json(audit, told | {"model": settings.model.name, "shots": shots})
    artifacts.write_jsonl(out, votes)
    artifacts.write_manifest(
        out,
        stage="verify_votes",
        inputs=[*shards, *audits],
        settings=settings.model_dump(mode="json"),
        started=started,
        extra={
            **_sums(facts),
            "shards": len(shards),
            "shots": shots,
            **_counts(votes),
            "trusted": told["trusted"],
        },
    )
    print(f"verify_model: {len(votes)} candidates left open; {told['reason']}")
    return votes


V = TypeVar("V", bound=Vote)


def _interleaved(paths: Sequence[Path], kind: type[V]) -> list[V]:
    """The rows of all shards in the order that they were dealt from."""
    rows = [list(artifacts.read_jsonl(path, kind)) for path in paths]
    total = sum(map(len, rows))
    for shard, (path, own) in enumerate(zip(paths, rows, strict=True)):
        dealt = len(range(shard, total, len(paths)))
        if len(own) != dealt:
            raise UserError(
                str(path),
                f"it holds {len(own)} votes, and shard {shard} of {len(paths)} has {dealt}",
                f"delete {path.parent} and run the verify stage again",
            )
    return [rows[place % len(rows)][place // len(rows)] for place in range(total)]


def _manifest(artifact: Path) -> Json:
    path = artifact.with_name(artifact.name + ".manifest.json")
    found: Json = artifacts.read_json(path, f"delete {artifact} and run the verify stage again")
    return found


def _sums(facts: Sequence[Json]) -> Json:
    """What the shards took together; no dollars where nobody knows the price."""
    prices = [found.get("dollars") for found in facts]
    known = [price for price in prices if price is not None]
    return {
        "engine": next((found["engine"] for found in facts if found["engine"]), None),
        "seed": facts[0]["seed"],
        "tokens": {
            name: sum(found["tokens"][name] for found in facts) for name in ("prompt", "completion")
        },
        "dollars": sum(known) if known else None,
        "seconds": round(sum(found["seconds"] for found in facts), 1),
    }


def _counts(votes: Sequence[Vote]) -> Json:
    return {
        "outcomes": dict(sorted(Counter(vote.outcome for vote in votes).items())),
        "ballots": dict(sorted(Counter(b for vote in votes for b in vote.votes).items())),
    }


def _audit_items(settings: Verifier, worked: Sequence[Worked], seed: int) -> list[AuditItem]:
    """The proofs that grade the voter; none of a problem that stands in its prompt."""
    return audit_set(
        seed=seed,
        sound=settings.audit_sound,
        mutants=settings.audit_mutants,
        avoid={name for example in worked for name in example.known_as},
    )


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


def audited(votes: Sequence[AuditVote], settings: Verifier) -> Json:
    """How the panel did on proofs of known quality, and whether that is good enough.

    Rates are of proofs that it was asked about; those rejected unasked (nothing said, a book of
    it) are counted apart. What is neither accepted nor rejected counts as not accepted.

    Returns:
        "false_accept" and "false_reject" with exact (Clopper-Pearson) intervals, the same
        "by_type", "trusted" and, in words, its "reason".
    """
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for vote in votes:
        groups[vote.kind, vote.type][vote.outcome if vote.votes else "unasked"] += 1
    sound, wrong = Counter[str](), Counter[str]()
    by_type = []
    for (kind, name), found in groups.items():
        (sound if kind == "sound" else wrong).update(found)
        by_type.append({"kind": kind, "type": name, **_tally(found), "errors": _rate(kind, found)})
    accepted, n = wrong["accepted"], _asked(wrong)
    reliable = 1 - _exact(accepted, n).high if n else 0.0
    trusted = n > 0 and reliable >= settings.floor
    return {
        "items": len(votes),
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


def _exact(count: int, n: int) -> "Interval":
    """The Clopper-Pearson interval of a rate."""
    from olympiad_ineq.eval.statistics import exact  # scipy.stats, which no dry run need wait for

    return exact(count, n, CONFIDENCE)


def _rate(kind: str, found: Counter[str]) -> Json:
    """Errors among those asked: sound ones that were not accepted, wrong ones that were."""
    n = _asked(found)
    count = n - found["accepted"] if kind == "sound" else found["accepted"]
    low, high = _exact(count, n)
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
