"""What a model thinks of a proof: the verifier's votes; the judge asks through here too.

An opinion, never more: it is asked only where the checker decided nothing, any objection rejects,
and what cannot be read counts for nothing. The text under judgement is hostile until shown
otherwise: it is quoted line by line between markers that hold a hash of the text itself (which the
text cannot contain), and what chat templates read as control tokens is taken apart.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from olympiad_ineq import artifacts, exemplars, prompts
from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.data_gen import symbolic
from olympiad_ineq.language import read_problem, render_proof
from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.llm import (
    Message,
    Request,
    Response,
    Sampling,
    generate,
    open_engine,
    refuse_silence,
)
from olympiad_ineq.llm.reading import find_object, find_objects
from olympiad_ineq.planner.work import dollars, price_of
from olympiad_ineq.proof import check_proof
from olympiad_ineq.records import (
    TECHNIQUES,
    BadExemplar,
    Exemplar,
    Json,
    Vote,
    content_id,
)
from olympiad_ineq.settings import Model

BATCH = 256  # votes that a kill can cost, and that the engine draws together
LONGEST_PROOF = 12_000  # characters; no proof of the data comes near
REASON = 400

VERDICT_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "sketch": {"type": "string"},
        "steps_ok": {"type": "boolean"},
        "verdict": {"enum": ["valid", "invalid"]},
        "reason": {"type": "string"},
    },
    "required": ["sketch", "steps_ok", "verdict", "reason"],
    "additionalProperties": False,
}

Ballot = Literal["valid", "invalid", "unscored"]


@dataclass(frozen=True)
class Question:
    """One proof to be voted on. `settled` is the reason why it is rejected without asking."""

    id: str
    problem: str
    proof: str
    settled: str = ""


@dataclass(frozen=True)
class Panel:
    """Who votes, how often, and how."""

    model: Model
    votes: int
    shots: int
    temperature: float
    max_new_tokens: int
    edition: int = 1


@dataclass(frozen=True)
class Worked:
    """A proof whose quality the kernel has established, with the verdict that it deserves."""

    problem: str
    proof: str
    valid: bool
    reason: str
    known_as: tuple[str, ...] = ()  # the problem's canonical key, and its family if it has one

    def turns(self) -> tuple[Message, Message]:
        """The example as question and answer."""
        verdict = {
            "sketch": self.reason,
            "steps_ok": self.valid,
            "verdict": "valid" if self.valid else "invalid",
            "reason": "every step was checked" if self.valid else self.reason,
        }
        return (
            Message("user", quoted(self.problem, self.proof)),
            Message("assistant", json.dumps(verdict, ensure_ascii=False)),
        )


def quoted(problem: str, proof: str) -> str:
    """Problem and proof as data between markers that neither of them can contain."""
    order = "Judge the proof in the data above. Answer with the JSON object."
    return quote((("Problem:", problem), ("Proof:", proof)), order)


def quote(sections: Sequence[tuple[str, str]], order: str) -> str:
    """Named texts as data between markers that none of them can contain, then what to do."""
    parts = [part for name, text in sections for part in (name, _defused(text))]
    marker = content_id("quoted", parts)
    body = "\n".join(f"> {line}" for part in parts for line in part.splitlines())
    return f"DATA {marker}\n{body}\nEND {marker}\n{order}"


# <|im_end|>, <s>, </think>, <｜User｜>, [INST], <<SYS>>: a space after the bracket makes them text.
_CONTROL = re.compile(r"<(?=[|｜/<A-Za-z_])|\[(?=/?[A-Z_]{3,}\])")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    r"\U000e0000-\U000e007f]"
)


def _defused(text: str) -> str:
    return _CONTROL.sub(lambda found: f"{found.group()} ", _INVISIBLE.sub(" ", text))


def worked_examples(count: int, seed: int, checked: bool = True) -> list[Worked]:
    """Good proofs and bad ones in turn, of every technique, graded by the kernel if `checked`.

    Those of the hand-written bank come first, in an order drawn from the seed; the symbolic source
    gives the rest, where a bad one is a good one with one thing changed and the kernel's own
    reason. The first ones of a longer list are the shorter list.
    """
    if not count:
        return []
    draw = Random(f"worked {seed}")
    good_rows = exemplars.good() if checked else exemplars.unchecked_good()
    bad_rows = exemplars.bad() if checked else exemplars.unchecked_bad()
    good = [_written(row, True, _says(row.steps)) for row in good_rows]
    bad = [_written(row, False, row.reason) for row in bad_rows]
    draw.shuffle(good)
    draw.shuffle(bad)
    waiting = {True: good[::-1], False: bad[::-1]}
    drafts = symbolic.generate(TECHNIQUES, (2, 3, 4), (1, 2, 3, 4), 6 * count + 16, seed)
    found: list[Worked] = []
    while len(found) < count:
        valid = len(found) % 2 == 0
        if waiting[valid]:
            found.append(waiting[valid].pop())
            continue
        draft = next(drafts, None)
        if draft is None:
            break
        example = _sound(draft) if valid else _spoilt(draft, draw)
        if example is not None:
            found.append(example)
    return found


def _written(row: Exemplar | BadExemplar, valid: bool, reason: str) -> Worked:
    problem = read_problem(row.text)
    key = canonical_key(problem.variables, problem.domain, problem.given, problem.goal)
    return Worked(row.text, row.proof, valid, reason, (key,))


def _says(steps: Sequence[Json]) -> str:
    rules = ", ".join(f"{step['id']} by {step['by']}" for step in steps)
    return f"{rules}; the last step is the inequality asked for"


def _sound(draft: symbolic.Draft) -> Worked | None:
    if _grade(draft, draft.steps)[0] != "proved":
        return None
    known = (draft.key, draft.family)
    return Worked(draft.text, draft.proof_text, True, _says(draft.steps), known)


def _spoilt(draft: symbolic.Draft, draw: Random) -> Worked | None:
    """The draft with a number of one claim changed, its direction turned, or a step left out."""
    ways = ["number", "direction", "omit"] if len(draft.steps) > 1 else ["number", "direction"]
    way = draw.choice(ways)
    steps = [dict(step) for step in draft.steps]
    at = draw.randrange(len(steps) - (way == "omit"))
    if way == "omit":
        del steps[at]
    elif way == "direction":
        turned = {">=": "<=", "<=": ">="}
        steps[at]["claim"] = re.sub(r">=|<=", lambda m: turned[m[0]], steps[at]["claim"])
    else:
        numbers = list(re.finditer(r"\d+", steps[at]["claim"]))
        if not numbers:
            return None
        chosen = draw.choice(numbers)
        changed = str(int(chosen[0]) + 1)
        claim = steps[at]["claim"]
        steps[at]["claim"] = claim[: chosen.start()] + changed + claim[chosen.end() :]
    try:
        grade, reason = _grade(draft, steps)
        text = render_proof(steps, variables=draft.variables)
    except (Unreadable, ValueError, KeyError):
        return None
    if grade in ("proved", "supported") or not reason:
        return None
    return Worked(draft.text, text, False, reason[:REASON], (draft.key, draft.family))


def _grade(draft: symbolic.Draft, steps: Sequence[Json]) -> tuple[str, str]:
    statement = parse_statement(draft.variables, draft.domain, draft.given, draft.goal)
    found = check_proof(statement, steps, None)
    return found.grade, found.reason


def requests_for(
    question: Question, panel: Panel, worked: Sequence[Worked], seed: int
) -> list[Request]:
    """One request a vote: the same prompt, each with a seed of its own."""
    turns = [turn for example in worked for turn in example.turns()]
    prompt = (
        Message("system", prompts.instructions("verifier")),
        *turns,
        Message("user", quoted(question.problem, question.proof)),
    )
    return [
        Request(
            prompt,
            Sampling(panel.max_new_tokens, panel.temperature),
            seed=int(content_id("vote", seed, question.id, number)[:12], 16),
            schema=VERDICT_SCHEMA,
            edition=panel.edition,
        )
        for number in range(panel.votes)
    ]


def read_ballot(response: Response, proof: str = "") -> tuple[Ballot, str]:
    """The verdict in an answer, and its reason. What is cut off or unreadable is unscored.

    So is a verdict that stands in the proof itself: whoever repeats it has not judged.
    """
    if response.finish == "failed":
        return "unscored", f"no answer: {response.reason}"
    if response.finish == "length":
        return "unscored", f"the vote was cut off after {response.completion_tokens} tokens"
    found = find_object(response.text, needs=("verdict",))
    if found is None:
        return "unscored", "the vote holds no JSON object with a verdict"
    if found in find_objects(proof, needs=("verdict",)):
        return "unscored", "the vote repeats a verdict that stands in the proof"
    verdict, reason = found["verdict"], str(found.get("reason", ""))[:REASON]
    if verdict not in ("valid", "invalid"):
        return "unscored", f"the verdict is {str(verdict)[:60]!r}"
    if verdict == "valid" and found.get("steps_ok") is not True:
        return "invalid", reason or "the steps are not ok"
    return verdict, reason


def count_votes(question: str, ballots: Sequence[tuple[Ballot, str]]) -> Vote:
    """Any objection rejects; acceptance takes more than half of all votes, readable or not."""
    votes = tuple(ballot for ballot, _ in ballots)
    counts = Counter(votes)
    outcome: Literal["accepted", "rejected", "unscored"] = "unscored"
    if counts["invalid"]:
        outcome = "rejected"
    elif 2 * counts["valid"] > len(votes):
        outcome = "accepted"
    reasons = tuple(reason.encode("utf-8", "replace").decode() for _, reason in ballots)
    return Vote(id=question, outcome=outcome, votes=votes, reasons=reasons)


def vote(
    questions: Sequence[Question],
    panel: Panel,
    out: Path,
    journal_path: Path,
    *,
    stage: str,
    inputs: Sequence[Path],
    seed: int,
) -> list[Vote]:
    """Have a panel vote on every question; write the votes in the order of the questions.

    A question too long for the model's context is unscored and says so. No model is loaded when
    there is nothing to ask.
    """
    started = time.time()
    worked = worked_examples(panel.shots, seed) if any(not q.settled for q in questions) else []
    votes, facts = cast_votes(questions, panel, worked, journal_path, stage=stage, seed=seed)
    artifacts.write_jsonl(out, votes)
    single = Counter(ballot for found in votes for ballot in found.votes)
    artifacts.write_manifest(
        out,
        stage=stage,
        inputs=inputs,
        settings=panel.model.model_dump(mode="json")
        | {"votes": panel.votes, "shots": panel.shots, "temperature": panel.temperature},
        started=started,
        extra={
            **facts,
            "seed": seed,
            "outcomes": dict(sorted(Counter(found.outcome for found in votes).items())),
            "ballots": dict(sorted(single.items())),
        },
    )
    return votes


def cast_votes(
    questions: Sequence[Question],
    panel: Panel,
    worked: Sequence[Worked],
    journal_path: Path,
    *,
    stage: str,
    seed: int,
) -> tuple[list[Vote], Json]:
    """A vote on every question, in their order, and what the votes took."""
    cast = {q.id: Vote(id=q.id, outcome="rejected", votes=(), reasons=(q.settled,))
            for q in questions if q.settled}  # fmt: skip
    responses, facts = collect(
        panel.model,
        {q.id: requests_for(q, panel, worked, seed) for q in questions if not q.settled},
        requests_for(Question("", "", ""), panel, worked, seed)[0],
        journal_path,
        stage=stage,
    )
    proofs = {question.id: question.proof for question in questions}
    for key, said in responses.items():
        cast[key] = count_votes(key, [read_ballot(answer, proofs[key]) for answer in said])
    return [cast[question.id] for question in questions], facts


def collect(
    model: Model,
    asked: Mapping[str, Sequence[Request]],
    bare: Request,
    journal_path: Path,
    *,
    stage: str,
) -> tuple[dict[str, list[Response]], Json]:
    """The model's answers by question, and what they took. Loads no model for no question.

    A question too long for the model's context gets failed answers that say so.

    Args:
        bare: the request with nothing to judge; if even that does not fit, the config is at fault.

    Raises:
        UserError: the bare request does not fit, or the endpoint refuses.
    """
    facts: Json = {"engine": None, "tokens": {"prompt": 0, "completion": 0}, "seconds": 0.0}
    if not asked:
        return {}, facts
    answers: dict[str, list[Response]] = {}
    fitting: list[tuple[str, Request]] = []
    with (
        closing(open_engine(model)) as engine,
        artifacts.exclusive(journal_path, f"the votes of {stage}"),
        closing(artifacts.Journal(journal_path)) as journal,
    ):
        if error := engine.excess(bare):
            raise error
        for key, requests in asked.items():
            if error := engine.excess(requests[0]):
                answers[key] = [Response("", "failed", 0, 0, str(error))] * len(requests)
            else:
                fitting += [(key, request) for request in requests]
        generated = generate(
            engine, [request for _, request in fitting], journal, BATCH, label=stage,
            price=price_of(model),
        )  # fmt: skip
        refuse_silence(generated, stage)
        fingerprint = engine.fingerprint
    for (key, _), response in zip(fitting, generated.responses, strict=True):
        answers.setdefault(key, []).append(response)
    return answers, {
        "engine": fingerprint,
        "tokens": (tokens := generated.tokens()),
        "dollars": dollars(model, tokens["prompt"], tokens["completion"]),
        "seconds": generated.seconds,
        "asked_in_last_session": generated.asked,
    }


def settled(proof: str, *, cut_off: bool = False) -> str:
    """Why an answer is rejected without asking a model; empty where one must be asked."""
    if cut_off:
        return "the answer was cut off before its end"
    if sum(character.isalnum() for character in proof) < 3:
        return "the proof says nothing"
    if len(proof) > LONGEST_PROOF:
        return f"the proof has {len(proof)} characters; more than {LONGEST_PROOF} are not read"
    return ""
