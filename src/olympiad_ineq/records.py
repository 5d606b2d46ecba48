"""The records that pass between stages, as files of JSON Lines or parquet.

Ids are content hashes of what defines a record, never positions, so that a rerun, another order
or another shard count gives the same ids. Every model forbids unknown keys: a record that a stage
does not understand is an error there, not a silent loss three stages later.
"""

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Domain = Literal["positive", "nonnegative", "real", "triangle"]
Technique = Literal["amgm", "weighted_amgm", "cauchy", "sos"]
Grade = Literal["proved", "supported", "open", "refuted", "unreadable", "limit"]
GRADES: tuple[Grade, ...] = ("proved", "supported", "open", "refuted", "unreadable", "limit")
TECHNIQUES: tuple[Technique, ...] = ("amgm", "weighted_amgm", "cauchy", "sos")

Json = dict[str, Any]


def content_id(*parts: object) -> str:
    """A 16-hex-digit id of JSON-serialisable parts: SHA-256 of their canonical JSON."""
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class Record(BaseModel):
    """Base of all records: immutable, unknown keys forbidden."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Record):
    """Hypotheses and goal, in the kernel's ASCII syntax, and the text a student sees."""

    text: str
    variables: tuple[str, ...]
    domain: Domain
    given: tuple[str, ...] = ()
    goal: str
    technique: Technique
    difficulty: int = Field(ge=1, le=4)


class Proof(Record):
    """Steps for the kernel (their fields: the rules in proof/) and the prose that says them."""

    text: str
    steps: tuple[Json, ...] = ()
    equality: Json = Field(default_factory=dict)


class Source(Record):
    """Where a candidate came from. `family` keeps relatives on one side of the split."""

    kind: Literal["symbolic", "model", "benchmark"]
    name: str
    family: str
    detail: Json = Field(default_factory=dict)


class Candidate(Record):
    """A problem with one proposed proof, before anyone checked it."""

    id: str
    problem: Problem
    proof: Proof
    source: Source

    @staticmethod
    def make(problem: Problem, proof: Proof, source: Source) -> "Candidate":
        """Give the candidate the id of its content."""
        key = content_id("candidate", problem.model_dump(), proof.model_dump())
        return Candidate(id=key, problem=problem, proof=proof, source=source)


class Verdict(Record):
    """What verification found about one candidate. `evidence` is what a recheck replays."""

    id: str
    grade: Grade
    reason: str
    step: str | None = None
    canonical_key: str | None = None
    family: str
    evidence: Json = Field(default_factory=dict)


class Example(Record):
    """One row of train.parquet or test.parquet: prompt and completion, and where they come from."""

    id: str
    prompt: str
    completion: str
    grade: Grade
    technique: Technique
    difficulty: int
    family: str
    canonical_key: str
    problem: Problem
    proof: Proof
    evidence: Json
    source: Source


class Prediction(Record):
    """A student's answer to one test problem. `finish` is "length" where the budget ran out.

    `sample` 0 is the greedy answer, which the headline counts; the others are drawn, for pass@k.
    """

    id: str
    run: str
    sample: int = Field(default=0, ge=0)
    prompt_tokens: int
    completion_tokens: int
    finish: Literal["stop", "length"]
    text: str


class Ballot(Record):
    """One answer of a judging model: its verdict, and the words that it gave for it."""

    vote: Literal["valid", "invalid", "unscored"]
    reason: str
    failed: tuple[str, ...] = ()  # the points of the rubric that it says do not hold
    first_bad_step: str = ""
    sketch: str = ""


class Opinion(Record):
    """What a judging model says of one answer, over all its votes: any objection rejects.

    `settled` says why an answer was rejected without asking; `quoted` whether a bad step that the
    judge quotes stands in the answer (None: it quotes none).
    """

    id: str
    outcome: Literal["accepted", "rejected", "unscored"]
    ballots: tuple[Ballot, ...] = ()
    settled: str = ""
    quoted: bool | None = None


class Judgement(Record):
    """The checker's verdict on one prediction, and a judging model's opinion if one was asked."""

    id: str
    run: str
    sample: int = Field(default=0, ge=0)
    grade: Grade
    reason: str
    step: str | None = None
    truncated: bool
    technique: Technique
    difficulty: int
    family: str
    opinion: Opinion | None = None


class Assignment(Record):
    """Which side of the split one admitted candidate went to, and what keeps the sides apart."""

    id: str
    side: Literal["train", "test"]
    canonical_key: str
    family: str
    technique: Technique
    difficulty: int


class Vote(Record):
    """The second model's votes on one candidate. Any objection rejects; none readable: unscored."""

    id: str
    outcome: Literal["accepted", "rejected", "unscored"]
    votes: tuple[Literal["valid", "invalid", "unscored"], ...]
    reasons: tuple[str, ...] = ()


class AuditVote(Vote):
    """The second model's votes on an answer of known quality, with its kind and type."""

    kind: Literal["sound", "mutant", "empty", "attack"]
    type: str


class Classic(Record):
    """A well-known inequality written down as a fact, with what shows that it is true.

    `certificate`, or a proof's `steps`, are replayed by the kernel; where there is neither,
    `believed` says why it is trusted.
    `year` is of the source; None where the source is not one of a known year.
    """

    id: str
    text: str
    variables: tuple[str, ...]
    domain: Domain
    given: tuple[str, ...] = ()
    goal: str
    technique: Technique
    difficulty: int = Field(ge=1, le=4)
    source: str = Field(min_length=1)
    year: int | None = None
    certificate: Json | None = None
    steps: tuple[Json, ...] = ()
    believed: str = ""


class AuditItem(Record):
    """An answer of known quality. `grade`, `reason` and `step` are the kernel's, on its steps.

    Only a `sound` one is to be accepted: a `mutant` has one thing changed (`type` says what kind,
    `change` what), an `empty` one says nothing, an `attack` asks to be believed.
    """

    id: str
    kind: Literal["sound", "mutant", "empty", "attack"]
    type: str
    problem: Problem
    proof: Proof
    grade: Grade
    reason: str
    step: str | None = None
    change: str = ""
    quote: str = ""  # the line of the proof that is wrong, where one is
    reference: str = ""  # a sound proof of the same problem, in other words
    family: str
    canonical_key: str

    @staticmethod
    def make(**fields: Any) -> "AuditItem":
        """Give the item the id of its content."""
        problem, proof = fields["problem"], fields["proof"]
        key = content_id("audit", problem.model_dump(), proof.model_dump())
        return AuditItem(id=key, **fields)


class Exemplar(Record):
    """A hand-written problem with its proof, as step records and as prose that says the same."""

    name: str
    technique: Technique
    difficulty: int = Field(ge=1, le=4)
    text: str
    variables: tuple[str, ...]
    domain: Domain
    given: tuple[str, ...] = ()
    goal: str
    steps: tuple[Json, ...]
    proof: str
    equality: Json = Field(default_factory=dict)


DropKind = Literal["grade", "repeated", "near_duplicate", "held_out", "not_drawn"]


class Dropped(Record):
    """A candidate that is on neither side of the split, and why."""

    id: str
    kind: DropKind
    reason: str


RejectKind = Literal["failed", "truncated", "no_object", "wrong_shape", "duplicate"]


class Reject(Record):
    """A request whose answer is no candidate. `id` is the request's; `text` begins the answer."""

    id: str
    kind: RejectKind
    reason: str
    technique: Technique
    difficulty: int
    text: str


class BadExemplar(Record):
    """A hand-written proof with one fault: what kind of fault, and why the proof is rejected."""

    name: str
    error: str
    text: str
    proof: str
    reason: str
