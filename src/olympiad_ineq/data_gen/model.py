"""The model source: a teacher asked, evenly over what a problem can be, for problems with proofs.

Nothing that it says is believed here: an answer of the right shape becomes a candidate for the
checker, anything else becomes a reject that says why. Every request ends as exactly one of the two.

With a target, a shard asks in rounds: what its part of the target needs by the yield so far, then
what is still short, until nothing is short or its part of the budget is spent (`rounds.py`).
"""

import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import count as count_up
from itertools import islice
from pathlib import Path
from random import Random
from typing import get_args

from pydantic import ValidationError

from olympiad_ineq import artifacts, exemplars, prompts
from olympiad_ineq.data_gen import symbolic
from olympiad_ineq.data_gen.rounds import Rounds, shares
from olympiad_ineq.errors import UserError
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.llm import (
    Engine,
    Message,
    Request,
    Response,
    Sampling,
    generate,
    open_engine,
    refuse_silence,
)
from olympiad_ineq.llm.reading import find_object
from olympiad_ineq.planner.work import dollars, price_of
from olympiad_ineq.proof import check_proof, grade_text
from olympiad_ineq.records import (
    Candidate,
    Domain,
    Exemplar,
    Json,
    Problem,
    Proof,
    Reject,
    RejectKind,
    Source,
    Technique,
    content_id,
)
from olympiad_ineq.settings import DataGen, Teacher
from olympiad_ineq.verify import check_candidates

BATCH = 256  # answers that a kill can cost, and that the engine draws together
BANKS = 8  # different sets of worked examples for each technique
CHECK_SECONDS, CHECK_MEMORY_MB = 10, 2048  # of the check that counts a round's usable rows
RAW = 4000  # characters of a bad answer that its reject keeps

TECHNIQUE_NAMES: dict[Technique, str] = {
    "amgm": "the AM-GM inequality",
    "weighted_amgm": "the weighted AM-GM inequality",
    "cauchy": "the Cauchy-Schwarz inequality or Titu's lemma",
    "sos": "a sum of squares",
}
DIFFICULTY_NAMES = {
    1: "an exercise: one or two steps",
    2: "a contest warm-up: two or three steps",
    3: "a national olympiad problem: three to five steps",
    4: "a hard olympiad problem: five steps or more",
}
CONSTRAINTS = (
    "with no condition beyond the domain",
    "under a condition on the sum of the variables",
    "under a condition on the product of the variables",
    "under a condition of second degree",
)
PHRASINGS = (
    "Begin the text with 'Let'.",
    "Begin the text with 'Prove that'.",
    "Begin the text with 'Show that'.",
    "Begin the text with 'Suppose'.",
    "Begin the text with 'Given'.",
    "Begin the text with 'For'.",
)


@dataclass(frozen=True)
class Ask:
    """One point of the plan: what the teacher is asked for, and its request's id and seed."""

    id: str
    seed: int
    technique: Technique
    difficulty: int
    variables: int
    constraint: int
    phrasing: int
    bank: int

    def words(self) -> str:
        """What the teacher reads."""
        names = "one variable" if self.variables == 1 else f"{self.variables} variables"
        return (
            f"Write a problem in {names}, {CONSTRAINTS[self.constraint]}, that is proved by "
            f"{TECHNIQUE_NAMES[self.technique]}. Difficulty {self.difficulty} of 4: "
            f"{DIFFICULTY_NAMES[self.difficulty]}. {PHRASINGS[self.phrasing]}"
        )


def plan(settings: DataGen, count: int, seed: int) -> list[Ask]:
    """Spread `count` requests evenly: each value of each axis as often as any other, within two.

    Whole rounds cover every combination once. The first requests of a longer plan are the shorter
    plan; the order of values is drawn from the seed.
    """
    return list(islice(_asks(settings, seed), count))


def _asks(settings: DataGen, seed: int) -> Iterator[Ask]:
    """The plan without end."""
    axes: list[list[int]] = [
        list(range(len(settings.techniques))),
        list(settings.difficulties),
        list(settings.variables),
        list(range(len(CONSTRAINTS))),
        list(range(len(PHRASINGS))),
    ]
    draw = Random(f"plan {seed} {settings.revision}")
    for axis in axes:
        draw.shuffle(axis)
    for index in count_up():
        technique, difficulty, variables, constraint, phrasing = _cell(index, axes)
        key = content_id("ask", seed, settings.revision, index)
        yield Ask(
            id=key,
            seed=int(key[:12], 16),
            technique=settings.techniques[technique],
            difficulty=difficulty,
            variables=variables,
            constraint=constraint if variables > 1 else 0,
            phrasing=phrasing,
            bank=int(key[12:], 16) % BANKS,
        )


def _cell(index: int, axes: Sequence[Sequence[int]]) -> list[int]:
    """The index-th combination, in an order that turns every axis at every step.

    Axis k stands at index + m * (index // P), P being the product of the sizes before it. With
    P + m coprime to its size it takes every value once beside each combination before it.
    """
    cell, product = [], 1
    for axis in axes:
        size = len(axis)
        shift = next(m for m in range(size + 1) if math.gcd(product + m, size) == 1)
        cell.append(axis[(index + shift * (index // product)) % size])
        product *= size
    return cell


def shard_of(asks: Sequence[Ask], shard: int, shards: int) -> list[Ask]:
    """The asks of one shard: every `shards`-th of each technique."""
    met: Counter[str] = Counter()
    first = {ask.technique: None for ask in asks}
    turn = {technique: place for place, technique in enumerate(first)}
    own = []
    for ask in asks:
        if (met[ask.technique] + turn[ask.technique]) % shards == shard:
            own.append(ask)
        met[ask.technique] += 1
    return own


class _Supply:
    """A shard's asks of each technique, as many as are wanted, in the order of the plan.

    What a technique is asked for beyond its even part of the budget continues its part of the plan,
    so that no two shards ever ask the same.
    """

    def __init__(self, settings: DataGen, shard: int, shards: int, seed: int) -> None:
        self._plan = _asks(settings, seed)
        self._step = len(settings.techniques) * shards
        self._shard, self._shards = shard, shards
        self._waiting: dict[Technique, list[Ask]] = {t: [] for t in settings.techniques}

    def take(self, wanted: dict[Technique, int]) -> list[Ask]:
        """So many asks of each technique, those with the same worked examples side by side."""
        while any(len(self._waiting[t]) < n for t, n in wanted.items()):
            block = list(islice(self._plan, self._step))  # a whole turn: each technique evenly
            for ask in shard_of(block, self._shard, self._shards):
                self._waiting[ask.technique].append(ask)
        taken = []
        for technique, number in wanted.items():
            taken += self._waiting[technique][:number]
            del self._waiting[technique][:number]
        return sorted(taken, key=lambda ask: (ask.technique, ask.bank))


class Exemplars:
    """Worked examples for the teacher's prompts, every one accepted by the kernel if `checked`.

    Each of a technique's BANKS sets is drawn from the hand-written bank; where a set is to be
    larger than what the bank has of the technique, the symbolic source gives the rest.
    """

    def __init__(self, settings: DataGen, shots: int, seed: int, checked: bool = True) -> None:
        self._settings, self._shots, self._seed = settings, shots, seed
        self._written = exemplars.good if checked else exemplars.unchecked_good

    @cached_property
    def _banks(self) -> dict[Technique, list[list[Exemplar]]]:
        return {technique: self._sets(technique) for technique in self._settings.techniques}

    def _sets(self, technique: Technique) -> list[list[Exemplar]]:
        written = [row for row in self._written() if row.technique == technique]
        drawn = min(self._shots, len(written))
        more = self._drafts(technique, (self._shots - drawn) * BANKS)
        rest = self._shots - drawn
        return [
            Random(f"bank {self._seed} {technique} {bank}").sample(written, drawn)
            + more[bank * rest : (bank + 1) * rest]
            for bank in range(BANKS)
        ]

    def _drafts(self, technique: Technique, want: int) -> list[Exemplar]:
        drafts = symbolic.generate(
            (technique,),
            self._settings.variables,
            self._settings.difficulties,
            want * 2,
            self._seed,
        )
        return list(islice((_exemplar(d) for d in drafts if _sound(d)), want))

    def turns(self, technique: Technique, bank: int) -> list[Message]:
        """The worked examples of one bank as turns of a conversation."""
        return [
            turn
            for row in self._banks[technique][bank]
            for turn in (
                Message("user", _ask_for(row).words()),
                Message("assistant", answer_of(row)),
            )
        ]


def _exemplar(draft: symbolic.Draft) -> Exemplar:
    return Exemplar(
        name=draft.template,
        technique=draft.technique,
        difficulty=draft.difficulty,
        text=draft.text,
        variables=draft.variables,
        domain=draft.domain,
        given=draft.given,
        goal=draft.goal,
        steps=draft.steps,
        proof=draft.proof_text,
        equality=draft.equality,
    )


def _sound(draft: symbolic.Draft) -> bool:
    statement = parse_statement(draft.variables, draft.domain, draft.given, draft.goal)
    found = check_proof(statement, draft.steps, draft.equality or None)
    said = grade_text(draft.variables, draft.domain, draft.given, draft.goal, draft.proof_text)
    return found.grade == said.grade == "proved"


def _ask_for(row: Exemplar) -> Ask:
    """What the exemplar would have been asked for by."""
    given = " ".join(row.given)
    constraint = 0 if not given else 3 if "^" in given else 1 if "+" in given else 2
    phrasing = next(
        (n for n, words in enumerate(PHRASINGS) if row.text.startswith(words.split("'")[1])), 0
    )
    return Ask(
        id=row.name,
        seed=0,
        technique=row.technique,
        difficulty=row.difficulty,
        variables=len(row.variables),
        constraint=constraint,
        phrasing=phrasing,
        bank=0,
    )


def answer_of(row: Exemplar) -> str:
    """The answer that the teacher is shown: the JSON object that it is asked for."""
    answer = {
        "text": row.text,
        "variables": row.variables,
        "domain": row.domain,
        "given": row.given,
        "goal": row.goal,
        "steps": row.steps,
        "proof": row.proof,
        "equality": row.equality,
    }
    return json.dumps(answer, ensure_ascii=False)


def request_for(ask: Ask, exemplars: Exemplars, teacher: Teacher, edition: int = 1) -> Request:
    """The request that one point of the plan becomes."""
    return Request(
        prompt=(
            Message("system", prompts.instructions("teacher")),
            *exemplars.turns(ask.technique, ask.bank),
            Message("user", ask.words()),
        ),
        sampling=Sampling(teacher.max_new_tokens, teacher.temperature, teacher.top_p),
        seed=ask.seed,
        schema=ANSWER_SCHEMA,
        edition=edition,
    )


def read_answer(ask: Ask, response: Response, model: str) -> Candidate | Reject:
    """Make a candidate of an answer, or say why it is none. Never raises on what it says."""
    match response.finish:
        case "failed":
            return _reject(ask, "failed", response.reason, "")
        case "length":
            words = f"the answer was cut off after {response.completion_tokens} tokens"
            return _reject(ask, "truncated", words, response.text)
    fields = find_object(response.text, needs=("goal",))
    if fields is None:
        words = "the answer holds no JSON object with a goal"
        return _reject(ask, "no_object", words, response.text)
    try:
        return _candidate(ask, fields, model)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return _reject(ask, "wrong_shape", f"{place}: {first['msg']}"[:300], response.text)
    except (ValueError, RecursionError) as error:
        return _reject(ask, "wrong_shape", str(error)[:300], response.text)


def _candidate(ask: Ask, fields: Json, model: str) -> Candidate:
    unknown = sorted(set(fields) - set(ANSWER_SCHEMA["properties"]))
    if unknown:
        raise ValueError(f"there is no key {unknown[0]!r:.60} in an answer")
    for name in ("text", "goal", "proof"):
        if not isinstance(fields.get(name), str) or not fields[name].strip():
            raise ValueError(f"{name} is missing, empty or no text")
    problem = Problem(
        text=fields["text"].strip(),
        variables=fields.get("variables", ()),
        domain=fields.get("domain", ""),
        given=fields.get("given", ()),
        goal=fields["goal"],
        technique=ask.technique,
        difficulty=ask.difficulty,
    )
    proof = Proof(
        text=fields["proof"].strip(),
        steps=fields.get("steps", ()),
        equality=fields.get("equality") or {},
    )
    source = Source(
        kind="model",
        name=model,
        family=content_id("model", problem.variables, problem.domain, problem.given, problem.goal),
        detail={"ask": asdict(ask)},
    )
    candidate = Candidate.make(problem, proof, source)
    # What a file cannot hold or give back (half of a surrogate pair, a hundred nested lists) must
    # not get into one: one such line would stop the stages after this one.
    line = json.dumps(candidate.model_dump(mode="json"), ensure_ascii=False, allow_nan=False)
    return Candidate.model_validate_json(line.encode())


def _reject(ask: Ask, kind: RejectKind, reason: str, text: str) -> Reject:
    kept = text[:RAW].encode("utf-8", "replace").decode()
    return Reject(
        id=ask.id,
        kind=kind,
        reason=reason,
        technique=ask.technique,
        difficulty=ask.difficulty,
        text=kept,
    )


def generate_shard(
    settings: DataGen, shard: int, seed: int, out: Path, rejects: Path, journal_path: Path
) -> tuple[list[Candidate], list[Reject]]:
    """Ask the teacher for one shard; write candidates and rejects, each with its manifest.

    Raises:
        UserError: there is no teacher or no such shard, the worked examples do not fit its context,
            or its engine cannot be had.
    """
    started = time.time()
    teacher = settings.teacher
    if teacher is None:
        raise UserError(
            "data_gen.teacher", "there is no teacher to ask", "name one, or set symbolic alone"
        )
    if not 0 <= shard < teacher.shards:
        raise UserError(
            f"shard {shard}",
            f"data_gen.teacher.shards is {teacher.shards}",
            f"name one from 0 to {teacher.shards - 1}",
        )
    rounds = Rounds(
        settings.techniques,
        budget=shares(teacher.requests, teacher.shards)[shard],
        target=shares(teacher.target, teacher.shards)[shard] if teacher.target else None,
        expected_yield=teacher.expected_yield,
        first=shard,
    )
    with (
        closing(open_engine(teacher.model)) as engine,
        artifacts.exclusive(journal_path, f"shard {shard}"),
        closing(artifacts.Journal(journal_path)) as journal,
    ):
        session = _Session(settings, teacher, shard, seed, engine, journal)
        while wanted := rounds.next():
            rounds.got(session.ask(wanted, count_usable=teacher.target is not None))
    for line in rounds.shortfalls():
        print(f"data_gen shard {shard} fell short: {line}")
    candidates, rejected = list(session.candidates.values()), session.rejected
    artifacts.write_jsonl(rejects, rejected)
    artifacts.write_jsonl(out, candidates)
    facts = {
        "engine": session.engine.fingerprint,
        "seed": seed,
        "shard": shard,
        "asked": session.asked,
        "candidates": len(candidates),
        "rejects": dict(sorted(Counter(reject.kind for reject in rejected).items())),
        **rounds.facts(),
        "tokens": dict(session.tokens),
        "attempts": getattr(session.engine, "attempts_made", session.asked),
        "dollars": dollars(teacher.model, session.tokens["prompt"], session.tokens["completion"]),
        "seconds": round(session.seconds, 1),
    }
    for path in (rejects, out):
        artifacts.write_manifest(
            path,
            stage="data_gen_model",
            inputs=[],
            settings=settings.model_dump(mode="json"),
            started=started,
            extra=facts,
        )
    return candidates, rejected


class _Session:
    """One shard's conversation with the teacher, round after round."""

    def __init__(
        self,
        settings: DataGen,
        teacher: Teacher,
        shard: int,
        seed: int,
        engine: Engine,
        journal: artifacts.Journal,
    ) -> None:
        self.engine, self._journal = engine, journal
        self._teacher, self._edition = teacher, settings.revision
        self._label = f"teacher {shard}"
        self._exemplars = Exemplars(settings, teacher.shots, seed)
        self._supply = _Supply(settings, shard, teacher.shards, seed)
        self.candidates: dict[str, Candidate] = {}
        self.rejected: list[Reject] = []
        self.asked, self.seconds = 0, 0.0
        self.tokens: Counter[str] = Counter({"prompt": 0, "completion": 0})
        self._usable: set[str] = set()
        # Before anything is asked: if the longest prompt fits, no later round can fail on one.
        engine.prepare([self._request(ask) for ask in longest_asks(settings)], BATCH)

    def _request(self, ask: Ask) -> Request:
        return request_for(ask, self._exemplars, self._teacher, self._edition)

    def ask(self, wanted: dict[Technique, int], count_usable: bool) -> Counter[Technique]:
        """One round: ask, sort the answers, and count the usable ones if that is wanted."""
        asks = self._supply.take(wanted)
        requests = [self._request(ask) for ask in asks]
        generated = generate(
            self.engine, requests, self._journal, BATCH, label=self._label,
            price=price_of(self._teacher.model),
        )  # fmt: skip
        refuse_silence(generated, self._label)
        self.asked += len(asks)
        self.seconds += generated.seconds
        self.tokens.update(generated.tokens())
        new = []
        for ask, response in zip(asks, generated.responses, strict=True):
            row = read_answer(ask, response, self._teacher.model.name)
            if isinstance(row, Candidate) and row.id in self.candidates:
                words = f"the same answer as candidate {row.id}"
                row = _reject(ask, "duplicate", words, response.text)
            if isinstance(row, Candidate):
                self.candidates[row.id] = row
                new.append(row)
            else:
                self.rejected.append(row)
        return self._count_usable(new) if count_usable else Counter()

    def _count_usable(self, candidates: Sequence[Candidate]) -> Counter[Technique]:
        """Distinct problems among them that the checker proves or supports, by technique."""
        verdicts = check_candidates(
            candidates,
            seconds=CHECK_SECONDS,
            memory_mb=CHECK_MEMORY_MB,
            workers=min(8, os.cpu_count() or 1),
            grades=Counter(),
        )
        usable: Counter[Technique] = Counter()
        for candidate, verdict in zip(candidates, verdicts, strict=True):
            key = verdict.canonical_key
            if verdict.grade in ("proved", "supported") and key and key not in self._usable:
                self._usable.add(key)
                usable[candidate.problem.technique] += 1
        return usable


def longest_asks(settings: DataGen) -> list[Ask]:
    """One ask for every set of worked examples, in the longest words that an ask can have."""
    asks = (
        Ask("", 0, technique, difficulty, max(settings.variables), constraint, phrasing, 0)
        for technique in settings.techniques
        for difficulty in settings.difficulties
        for constraint in range(len(CONSTRAINTS))
        for phrasing in range(len(PHRASINGS))
    )
    words = max(asks, key=lambda ask: len(ask.words()))
    return [
        replace(words, technique=technique, bank=bank)
        for technique in settings.techniques
        for bank in range(BANKS)
    ]


_TEXT: Json = {"type": "string"}
_TEXTS: Json = {"type": "array", "items": _TEXT, "maxItems": 12}
_STEP: Json = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "claim": _TEXT,
        "by": {
            "enum": [
                *("amgm", "cauchy", "titu", "square", "positive", "cyclic", "combine"),
                *("chain", "multiply", "scale", "identity"),
            ]
        },
        "terms": _TEXTS,
        "weights": {"type": "array", "items": {"type": ["integer", "string"]}, "maxItems": 12},
        "x": _TEXTS,
        "y": _TEXTS,
        "nums": _TEXTS,
        "dens": _TEXTS,
        "of": {"anyOf": [_TEXT, _TEXTS]},
        "expr": {"anyOf": [_TEXT, _TEXTS]},
    },
    "required": ["id", "claim", "by"],
    "additionalProperties": False,
}
ANSWER_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "text": _TEXT,
        "variables": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 4},
        "domain": {"enum": list(get_args(Domain))},
        "given": {"type": "array", "items": _TEXT, "maxItems": 4},
        "goal": _TEXT,
        "steps": {"type": "array", "items": _STEP, "minItems": 1, "maxItems": 16},
        "proof": _TEXT,
        "equality": {
            "type": "object",
            "properties": {
                "when": _TEXT,
                "point": {"type": "object", "additionalProperties": _TEXT},
            },
            "additionalProperties": False,
        },
    },
    "required": ["text", "variables", "domain", "given", "goal", "steps", "proof", "equality"],
    "additionalProperties": False,
}
