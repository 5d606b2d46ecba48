"""The audit set: drafts of the symbolic source, spoilt or not, in words as a model writes them."""

from collections.abc import Collection, Iterator
from itertools import islice
from random import Random
from typing import cast

from olympiad_ineq.audit.attacks import ATTACKS, EMPTY
from olympiad_ineq.audit.mutants import ERRORS, FALSE_CLAIMS, Mutant
from olympiad_ineq.data_gen import symbolic
from olympiad_ineq.data_gen.symbolic import Draft
from olympiad_ineq.language import render_expr, render_problem, render_proof
from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.proof import ProofVerdict, check_proof, grade_text
from olympiad_ineq.records import TECHNIQUES, AuditItem, Grade, Problem, Proof, content_id

REASON = 400
PHRASINGS = 6


def audit_set(
    *,
    seed: int,
    sound: int = 100,
    mutants: int = 304,
    avoid: Collection[str] = (),
    variables: Collection[int] = (1, 2, 3, 4),
    difficulties: Collection[int] = (1, 2, 3, 4),
) -> list[AuditItem]:
    """Make the audit set.

    Args:
        seed: the drafts come from a stream of their own: another one than the same seed's data.
        sound: how many sound proofs.
        mutants: how many mutants, in equal parts of each type of error (rounded up).
        avoid: families and canonical keys that must not occur, such as those of a prompt's worked
            examples.

    Returns:
        Sound proofs, mutants, empty answers and attacks, in this order.
    """
    drafts = _drafts(seed, avoid, variables, difficulties)
    items = [item for item in (_sound(d) for d in islice(drafts, sound + sound // 4)) if item]
    items = items[:sound]
    each = -(-mutants // len(ERRORS))
    for error in ERRORS:
        items += islice(_mutants(error, drafts, Random(f"audit {seed} {error}")), each)
    for name, text in EMPTY.items():
        items.append(_nothing("empty", name, text, next(drafts)))
    for name, attack in ATTACKS.items():
        draft = next(drafts)
        goal = render_expr(draft.goal, draft.variables)
        items.append(_nothing("attack", name, attack(goal), draft))
    return items


def _drafts(
    seed: int, avoid: Collection[str], variables: Collection[int], difficulties: Collection[int]
) -> Iterator[Draft]:
    stream = int(content_id("audit", seed)[:8], 16)
    for draft in symbolic.generate(
        TECHNIQUES, sorted(variables), sorted(difficulties), 100_000, stream
    ):
        if draft.family not in avoid and draft.key not in avoid:
            yield draft


def _sound(draft: Draft) -> AuditItem | None:
    if (verdict := _check(draft, Mutant(draft.steps, "", draft.equality))).grade != "proved":
        return None
    said = draft.equality if draft.difficulty >= 3 else {}
    return _item("sound", "sound", draft, Mutant(draft.steps, "", said), verdict)


def _mutants(error: str, drafts: Iterator[Draft], draw: Random) -> Iterator[AuditItem]:
    """Mutants of one type: at most one of a draft, and none that may be right after all."""
    for draft in drafts:
        if _check(draft, Mutant(draft.steps, "")).grade != "proved":
            continue
        for mutant in ERRORS[error](draft, draw):
            try:
                verdict = _check(draft, mutant)
                item = _item("mutant", error, draft, mutant, verdict)
            except (Unreadable, ValueError, KeyError):
                continue  # it cannot be said in words
            if _is_wrong(error, verdict):
                yield item
                break


def _is_wrong(error: str, verdict: ProofVerdict) -> bool:
    if error in FALSE_CLAIMS:
        return verdict.grade == "refuted"
    ill_posed = verdict.step is None  # then it is the problem that is at fault, not the proof
    return verdict.grade in ("open", "refuted") and not ill_posed and bool(verdict.reason)


def _check(draft: Draft, mutant: Mutant) -> ProofVerdict:
    domain = mutant.domain or draft.domain
    statement = parse_statement(draft.variables, domain, draft.given, draft.goal)
    return check_proof(statement, mutant.steps, mutant.equality or None)


def _nothing(kind: str, name: str, text: str, draft: Draft) -> AuditItem:
    verdict = grade_text(draft.variables, draft.domain, draft.given, draft.goal, text)
    return _record(kind, name, draft, _problem(draft, None), Proof(text=text), verdict)


def _item(kind: str, error: str, draft: Draft, mutant: Mutant, verdict: ProofVerdict) -> AuditItem:
    way = Random(f"voice {draft.key} {error}")
    text = render_proof(
        mutant.steps,
        way.randrange(PHRASINGS),
        variables=draft.variables,
        equality=mutant.equality or None,
    )
    proof = Proof(
        text=_voiced(text, way.randrange(len(_VOICES))),
        steps=mutant.steps,
        equality=mutant.equality,
    )
    return _record(
        kind,
        error,
        draft,
        _problem(draft, mutant),
        proof,
        verdict,
        change=mutant.change,
        quote=_quote(text, mutant, verdict.step),
    )


def _quote(text: str, mutant: Mutant, step: str | None) -> str:
    """The line of the step that the kernel objects to; the last line for goal and equality."""
    ids = [str(s["id"]) for s in mutant.steps]
    lines = text.split("\n")
    if step is None:
        return ""
    line = lines[ids.index(step)] if step in ids else lines[-1]
    return line.removeprefix(f"({ids.index(step) + 1}) ") if step in ids else line


def _problem(draft: Draft, mutant: Mutant | None) -> Problem:
    domain = mutant.domain if mutant else None
    text = draft.text
    if domain is not None:
        text = render_problem(draft.variables, domain, draft.given, draft.goal)
    return Problem(
        text=text,
        variables=draft.variables,
        domain=domain or draft.domain,
        given=draft.given,
        goal=draft.goal,
        technique=draft.technique,
        difficulty=draft.difficulty,
    )


def _record(
    kind: str,
    error: str,
    draft: Draft,
    problem: Problem,
    proof: Proof,
    verdict: ProofVerdict,
    *,
    change: str = "",
    quote: str = "",
) -> AuditItem:
    sound = problem.domain == draft.domain  # the draft's proof proves this problem
    reference = render_proof(draft.steps, 0, variables=draft.variables) if sound else ""
    return AuditItem.make(
        kind=kind,
        type=error,
        problem=problem,
        proof=proof,
        grade=cast(Grade, verdict.grade),
        reason=verdict.reason[:REASON],
        step=verdict.step,
        change=change,
        quote=quote,
        reference=reference,
        family=draft.family,
        canonical_key=draft.key,
    )


# How models begin, number and end a proof: a line before, the form of "(2) ", a line after.
_VOICES: tuple[tuple[str, str, str], ...] = (
    ("", "({}) ", ""),
    ("", "({}) ", "This completes the proof."),
    ("**Proof.**\n", "({}) ", "Hence the inequality is proved. $\\blacksquare$"),
    ("We prove the inequality step by step.\n", "Step {}: ", "This is what was to be shown."),
    ("Solution.\n", "{}. ", "Thus we are done."),
)


def _voiced(text: str, voice: int) -> str:
    before, label, after = _VOICES[voice]
    lines = text.split("\n")
    for number in range(1, len(lines) + 1):
        mark = f"({number}) "
        if lines[number - 1].startswith(mark):
            lines[number - 1] = label.format(number) + lines[number - 1].removeprefix(mark)
    return before + "\n".join(lines) + (f"\n{after}" if after else "")
