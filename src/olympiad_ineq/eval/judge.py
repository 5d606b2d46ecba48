"""A judging model's opinion of answers: step by step, by a rubric, and never the only verdict.

Students' answers and the audit's proofs of known quality go through the same requests, so that what
the audit measures is what the headline was judged by. What is cut off or unreadable is unscored,
never guessed; answers that say nothing are rejected without asking.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from olympiad_ineq import artifacts, opinion, prompts
from olympiad_ineq.audit import audit_set
from olympiad_ineq.llm import Message, Request, Response, Sampling
from olympiad_ineq.llm.reading import find_object
from olympiad_ineq.records import (
    AuditItem,
    Ballot,
    Example,
    Json,
    Opinion,
    Prediction,
    content_id,
)
from olympiad_ineq.settings import Judge

CRITERIA = (
    "statement_unchanged",
    "steps_follow",
    "conditions_hold",
    "calculation_right",
    "conclusion_reached",
    "equality_right",
)
WORDS = 600  # of a judge's sketch and reason that are kept

VERDICT_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "sketch": {"type": "string"},
        **{name: {"type": "boolean"} for name in CRITERIA},
        "first_bad_step": {"type": "string"},
        "verdict": {"enum": ["valid", "invalid"]},
        "reason": {"type": "string"},
    },
    "required": ["sketch", *CRITERIA, "first_bad_step", "verdict", "reason"],
    "additionalProperties": False,
}

# Which point of the rubric each type of error of the audit set breaks.
_BROKEN = {
    "constant": "calculation_right",
    "direction": "calculation_right",
    "weight": "calculation_right",
    "positivity": "conditions_hold",
    "circular": "steps_follow",
    "gap": "steps_follow",
    "wrong_lemma": "steps_follow",
    "wrong_equality": "equality_right",
}


@dataclass(frozen=True)
class Question:
    """One answer to be judged. `settled` is the reason why it is rejected without asking."""

    id: str
    problem: str
    proof: str
    reference: str = ""
    settled: str = ""


def worked(count: int, seed: int) -> list[AuditItem]:
    """The prompt's worked examples: sound proofs and mutants in turn, of a stream of their own."""
    if count == 0:
        return []
    half = -(-count // 2)
    made = audit_set(seed=int(content_id("judge shots", seed)[:8], 16), sound=half, mutants=half)
    sound = [item for item in made if item.kind == "sound"]
    mutants = [item for item in made if item.kind == "mutant"]
    mutants.sort(key=lambda item: content_id(item.id))  # or few shots would show few types
    return [item for pair in zip(sound, mutants, strict=False) for item in pair][:count]


def _turns(item: AuditItem) -> tuple[Message, Message]:
    """A worked example as question and answer."""
    valid = item.kind == "sound"
    names = ", ".join(f"({i}) by {step.get('by')}" for i, step in enumerate(item.proof.steps, 1))
    verdict = {
        "sketch": f"The answer argues {names}; the last step is the inequality asked for.",
        **{name: valid or name != _BROKEN[item.type] for name in CRITERIA},
        "first_bad_step": item.quote,
        "verdict": "valid" if valid else "invalid",
        "reason": "every step was checked and follows" if valid else item.reason,
    }
    return (
        Message("user", shown(item.problem.text, item.proof.text, item.reference)),
        Message("assistant", json.dumps(verdict, ensure_ascii=False)),
    )


def shown(problem: str, proof: str, reference: str) -> str:
    """Problem, reference and answer as quoted data, and the order to judge."""
    sections = [("Problem:", problem)]
    sections += [("Reference proof:", reference)] if reference else []
    sections += [("Answer:", proof)]
    order = "Judge the answer in the data above. Answer with the JSON object, sketch first."
    return opinion.quote(sections, order)


def requests_for(
    question: Question, settings: Judge, examples: Sequence[AuditItem], seed: int
) -> list[Request]:
    """One request a vote: the same prompt, each with a seed of its own; a single one is greedy."""
    turns = [turn for example in examples for turn in _turns(example)]
    prompt = (
        Message("system", prompts.instructions("judge")),
        *turns,
        Message("user", shown(question.problem, question.proof, question.reference)),
    )
    temperature = settings.temperature if settings.votes > 1 else 0.0
    return [
        Request(
            prompt,
            Sampling(settings.max_new_tokens, temperature),
            seed=int(content_id("judge", seed, question.id, number)[:12], 16),
            schema=VERDICT_SCHEMA,
        )
        for number in range(settings.votes)
    ]


def read_ballot(response: Response) -> Ballot:
    """The verdict in a judge's answer. What is cut off, or lacks a part, is unscored."""
    if response.finish == "failed":
        return _unscored(f"no answer: {response.reason}")
    if response.finish == "length":
        return _unscored(f"the judgement was cut off after {response.completion_tokens} tokens")
    found = find_object(response.text, needs=("verdict",))
    if found is None:
        return _unscored("the judgement holds no JSON object with a verdict")
    if found["verdict"] not in ("valid", "invalid"):
        return _unscored(f"the verdict is {str(found['verdict'])[:60]!r}")
    missing = [name for name in CRITERIA if not isinstance(found.get(name), bool)]
    if missing:
        return _unscored(f"the judgement does not decide {missing[0]}")
    failed = tuple(name for name in CRITERIA if not found[name])
    valid = found["verdict"] == "valid" and not failed  # any objection rejects
    return Ballot(
        vote="valid" if valid else "invalid",
        reason=_words(found.get("reason")),
        failed=failed,
        first_bad_step=_words(found.get("first_bad_step")),
        sketch=_words(found.get("sketch")),
    )


def _unscored(reason: str) -> Ballot:
    return Ballot(vote="unscored", reason=_words(reason))


def _words(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return text[:WORDS].encode("utf-8", "replace").decode()


def decide(question: Question, ballots: Sequence[Ballot]) -> Opinion:
    """Any objection rejects; acceptance takes more than half of all votes, readable or not."""
    counts = Counter(ballot.vote for ballot in ballots)
    outcome: Literal["accepted", "rejected", "unscored"] = "unscored"
    if counts["invalid"]:
        outcome = "rejected"
    elif 2 * counts["valid"] > len(ballots):
        outcome = "accepted"
    quotes = [b.first_bad_step for b in ballots if b.vote == "invalid" and b.first_bad_step]
    quoted = _plain(quotes[0]) in _plain(question.proof) if quotes else None
    return Opinion(id=question.id, outcome=outcome, ballots=tuple(ballots), quoted=quoted)


def _plain(text: str) -> str:
    return "".join(text.split()).strip("\"'.$")


def judge(
    questions: Sequence[Question],
    settings: Judge,
    out: Path,
    journal: Path,
    *,
    stage: str,
    inputs: Sequence[Path],
    seed: int,
) -> list[Opinion]:
    """Ask the judge about every answer; write its opinions in the order of the questions.

    Every answer of the judge is journalled as it comes: after a kill, nothing is paid for twice.
    """
    started = time.time()
    found = {
        q.id: Opinion(id=q.id, outcome="rejected", settled=q.settled)
        for q in questions
        if q.settled
    }
    asked = [question for question in questions if not question.settled]
    examples = worked(settings.shots, seed) if asked else []
    responses, facts = opinion.collect(
        settings.model,
        {question.id: requests_for(question, settings, examples, seed) for question in asked},
        requests_for(Question("", "", ""), settings, examples, seed)[0],
        journal,
        stage=stage,
    )
    for question in asked:
        ballots = [read_ballot(response) for response in responses[question.id]]
        found[question.id] = decide(question, ballots)
    opinions = [found[question.id] for question in questions]
    artifacts.write_jsonl(out, opinions)
    artifacts.write_manifest(
        out,
        stage=stage,
        inputs=inputs,
        settings=settings.model_dump(mode="json", exclude={"floor"}),
        started=started,
        extra={
            **facts,
            "seed": seed,
            "shots": [example.id for example in examples],
            "outcomes": dict(sorted(Counter(o.outcome for o in opinions).items())),
            "ballots": dict(sorted(Counter(b.vote for o in opinions for b in o.ballots).items())),
        },
    )
    return opinions


def questions_about(test: Sequence[Example], predictions: Iterable[Prediction]) -> list[Question]:
    """The greedy answers, as questions; an answer that was cut off is settled."""
    examples = {example.id: example for example in test}
    return [
        Question(
            answer.id,
            examples[answer.id].problem.text,
            answer.text,
            examples[answer.id].completion,
            opinion.settled(answer.text, cut_off=answer.finish == "length"),
        )
        for answer in predictions
        if answer.sample == 0 and answer.id in examples
    ]


def audit_questions(items: Iterable[AuditItem]) -> list[Question]:
    """The audit's proofs, in the very form in which students' answers are judged."""
    return [
        Question(
            item.id,
            item.problem.text,
            item.proof.text,
            item.reference,
            opinion.settled(item.proof.text),
        )
        for item in items
    ]
