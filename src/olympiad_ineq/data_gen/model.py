"""The model source: a teacher asked, evenly over what a problem can be, for problems with proofs.

Nothing that it says is believed here: an answer of the right shape becomes a candidate for the
checker, anything else becomes a reject that says why. Every request ends as exactly one of the two.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Literal, get_args

from pydantic import ValidationError

from olympiad_ineq import artifacts, prompts
from olympiad_ineq.data_gen import symbolic
from olympiad_ineq.errors import UserError
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.llm import Generated, Message, Request, Response, Sampling, generate, open_engine
from olympiad_ineq.llm.reading import find_object
from olympiad_ineq.proof import check_proof, grade_text
from olympiad_ineq.records import (
    Candidate,
    Domain,
    Json,
    Problem,
    Proof,
    Record,
    Source,
    Technique,
    content_id,
)
from olympiad_ineq.settings import DataGen, Teacher

BATCH = 256  # answers that a kill can cost, and that the engine draws together
BANKS = 8  # different sets of worked examples for each technique
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

RejectKind = Literal["failed", "truncated", "no_object", "wrong_shape", "duplicate"]


class Reject(Record):
    """A request whose answer is no candidate. `id` is the request's; `text` begins the answer."""

    id: str
    kind: RejectKind
    reason: str
    technique: Technique
    difficulty: int
    text: str


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
    asks = []
    for index in range(count):
        technique, difficulty, variables, constraint, phrasing = _cell(index, axes)
        key = content_id("ask", seed, settings.revision, index)
        asks.append(
            Ask(
                id=key,
                seed=int(key[:12], 16),
                technique=settings.techniques[technique],
                difficulty=difficulty,
                variables=variables,
                constraint=constraint if variables > 1 else 0,
                phrasing=phrasing,
                bank=int(key[12:], 16) % BANKS,
            )
        )
    return asks


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
    """The asks of one shard, those that share worked examples together so that their prompts do."""
    own = [ask for place, ask in enumerate(asks) if place % shards == shard]
    return sorted(own, key=lambda ask: (ask.technique, ask.bank))


class Exemplars:
    """Worked examples for the teacher's prompts, every one accepted by the kernel."""

    def __init__(self, settings: DataGen, shots: int, seed: int) -> None:
        self._settings, self._shots, self._seed = settings, shots, seed

    @cached_property
    def _bank(self) -> dict[Technique, list[tuple[Ask, str]]]:
        bank: dict[Technique, list[tuple[Ask, str]]] = {t: [] for t in self._settings.techniques}
        want = self._shots * BANKS
        for technique, found in bank.items() if want else ():
            drafts = symbolic.generate(
                (technique,),
                self._settings.variables,
                self._settings.difficulties,
                want * 2,
                self._seed,
            )
            for draft in drafts:
                if len(found) == want:
                    break
                if _sound(draft):
                    found.append((_ask_for(draft), _answer_of(draft)))
        return bank

    def turns(self, technique: Technique, bank: int) -> list[Message]:
        """The worked examples of one bank as turns of a conversation."""
        found = self._bank[technique][bank * self._shots : (bank + 1) * self._shots]
        return [
            turn
            for ask, answer in found
            for turn in (Message("user", ask.words()), Message("assistant", answer))
        ]


def _sound(draft: symbolic.Draft) -> bool:
    statement = parse_statement(draft.variables, draft.domain, draft.given, draft.goal)
    found = check_proof(statement, draft.steps, draft.equality or None)
    said = grade_text(draft.variables, draft.domain, draft.given, draft.goal, draft.proof_text)
    return found.grade == said.grade == "proved"


def _ask_for(draft: symbolic.Draft) -> Ask:
    given = " ".join(draft.given)
    constraint = 0 if not given else 3 if "^" in given else 1 if "+" in given else 2
    phrasing = next(
        (n for n, words in enumerate(PHRASINGS) if draft.text.startswith(words.split("'")[1])), 0
    )
    return Ask(
        id=draft.key,
        seed=0,
        technique=draft.technique,
        difficulty=draft.difficulty,
        variables=len(draft.variables),
        constraint=constraint,
        phrasing=phrasing,
        bank=0,
    )


def _answer_of(draft: symbolic.Draft) -> str:
    answer = {
        "text": draft.text,
        "variables": draft.variables,
        "domain": draft.domain,
        "given": draft.given,
        "goal": draft.goal,
        "steps": draft.steps,
        "proof": draft.proof_text,
        "equality": draft.equality,
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
    asks = shard_of(plan(settings, teacher.requests, seed), shard, teacher.shards)
    exemplars = Exemplars(settings, teacher.shots, seed)
    requests = [request_for(ask, exemplars, teacher, settings.revision) for ask in asks]
    with (
        closing(open_engine(teacher.model)) as engine,
        artifacts.exclusive(journal_path, f"shard {shard}"),
        closing(artifacts.Journal(journal_path)) as journal,
    ):
        generated = generate(engine, requests, journal, BATCH, label=f"teacher {shard}")
        fingerprint = engine.fingerprint
    candidates, rejected = _sorted_out(asks, generated, teacher.model.name)
    artifacts.write_jsonl(rejects, rejected)
    artifacts.write_jsonl(out, candidates)
    facts = {
        "engine": fingerprint,
        "seed": seed,
        "shard": shard,
        "asked": len(asks),
        "candidates": len(candidates),
        "rejects": dict(sorted(Counter(reject.kind for reject in rejected).items())),
        "tokens": generated.tokens(),
        "seconds": generated.seconds,
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


def _sorted_out(
    asks: Sequence[Ask], generated: Generated, model: str
) -> tuple[list[Candidate], list[Reject]]:
    """Every ask as one row: a candidate, or a reject; of two equal answers the second is one."""
    candidates: dict[str, Candidate] = {}
    rejected = []
    for ask, response in zip(asks, generated.responses, strict=True):
        row = read_answer(ask, response, model)
        if isinstance(row, Candidate) and row.id in candidates:
            row = _reject(ask, "duplicate", f"the same answer as candidate {row.id}", response.text)
        if isinstance(row, Candidate):
            candidates[row.id] = row
        else:
            rejected.append(row)
    return list(candidates.values()), rejected


_TEXT: Json = {"type": "string"}
_TEXTS: Json = {"type": "array", "items": _TEXT, "maxItems": 8}
_STEP: Json = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "claim": _TEXT,
        "by": {
            "enum": [
                *("amgm", "cauchy", "titu", "square", "positive", "cyclic", "combine"),
                *("multiply", "scale", "identity"),
            ]
        },
        "terms": _TEXTS,
        "weights": {"type": "array", "items": {"type": ["integer", "string"]}, "maxItems": 8},
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
