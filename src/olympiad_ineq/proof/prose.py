"""A proof in prose to a verdict: reading and checking together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import (
    NONNEGATIVE,
    POSITIVE,
    Fact,
    IllPosed,
    Limit,
    World,
)
from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.language.notes import ReadProof, Unread
from olympiad_ineq.language.parse import (
    Unreadable,
    parse_chain,
    parse_statement,
    quoted,
)
from olympiad_ineq.language.read import read_proof
from olympiad_ineq.language.reasons import ZERO
from olympiad_ineq.language.remarks import parts_of
from olympiad_ineq.language.segments import MAX_TEXT, split_list
from olympiad_ineq.language.spelling import chain_ascii, expr_ascii
from olympiad_ineq.language.terms import degree_of, square_step, squares

from .check import ProofVerdict, check_proof
from .match import entails
from .worlds import world_of


def grade_text(
    variables: Sequence[str], domain: str, given: Sequence[str], goal: str, proof: str
) -> ProofVerdict:
    """Read a proof in prose and check it: proved only if all of it is read and holds."""
    try:
        statement = parse_statement(variables, domain, given, goal)
    except Unreadable as error:
        return ProofVerdict("unreadable", f"the problem: {error}", None)
    if len(proof) > MAX_TEXT:
        return ProofVerdict("limit", f"the proof is longer than {MAX_TEXT} characters", None)
    first: ProofVerdict | None = None
    for known in (None, statement.goal):  # forwards; then with what is said on the way back
        read = read_proof(proof, statement.variables, known)
        verdict = check_proof(statement, read.steps, read.equality)
        verdict = _downgraded(statement, read, verdict)
        if verdict.grade == "proved":
            return verdict
        first = first or verdict
    assert first is not None
    return first


def _downgraded(statement: Statement, read: ReadProof, verdict: ProofVerdict) -> ProofVerdict:
    left = [u for u in read.unread if not _harmless(u, statement)]
    if not left:
        return verdict
    first = left[0]
    if not read.steps and verdict.grade == "open":
        reason = f"{first.reason}: {quoted(first.text, 120)} at {first.position}"
        return ProofVerdict("unreadable", f"nothing was read; {reason}", None)
    reason = f"not read: {quoted(first.text, 120)} at {first.position} ({first.reason})"
    if any(u.kind == "assumption" for u in left) and verdict.grade == "refuted":
        return ProofVerdict("open", f"{verdict.reason}, but {reason}", verdict.step, verdict.steps)
    if verdict.grade not in ("proved", "supported"):
        return verdict
    grade = "supported" if all(u.kind == "remark" for u in left) else "open"
    return ProofVerdict(grade, reason, verdict.step, verdict.steps)


def _harmless(unread: Unread, statement: Statement) -> bool:
    """A mention of the goal or of a hypothesis, or of an aim from which the goal follows at once.

    "Since a+b+c = 1, it suffices to show ..." is true where what is to be shown gives the goal by
    the hypotheses' equations and positive factors. The goal has to give it as well: what is more
    than the goal (a strict inequality, say) would have to be shown, as it is where aims are steps.
    What a remark says of the goal ("it is symmetric", "both sides are positive") is shown too.
    """
    if unread.kind in _SHOWN:
        try:
            return _SHOWN[unread.kind](statement, unread.text)
        except (Unreadable, Limit, IllPosed):
            return False
    if unread.kind not in ("aim", "same", "goal", "sign", "hypothesis"):
        return False
    try:
        if unread.kind == "sign":
            return _signs_hold(statement, unread.text)
        chain = parse_chain(unread.text.strip().rstrip(".,;: "), statement.variables)
        if unread.kind != "hypothesis" and chain_ascii(chain) == chain_ascii(statement.goal):
            return True
        if unread.kind == "goal":
            return False
        world = world_of(statement, [chain.text])
        aims, goals = world.links(chain), world.goal
        known = [kernel.given(world, k) for k in range(len(world.given))]
        if all(_plain(world, f, unread.kind) or any(entails(t, f) for t in known) for f in aims):
            return True
        if unread.kind == "hypothesis":
            return False
        return _gives(world, aims, goals) and _gives(world, goals, aims)
    except (Unreadable, Limit, IllPosed):
        return False


def _signs_hold(statement: Statement, text: str) -> bool:
    """Do these relations, "a > 0, a+b > 0", hold by the signs of the parts?"""
    for part in split_list(text):
        world = world_of(statement, [part])
        for fact in world.links(parse_chain(part, statement.variables)):
            if not _signed(world, fact):
                return False
    return True


def _plain(world: World, fact: Fact, kind: str) -> bool:
    """May it be said by the way? What an aim says by the way is that something is not zero."""
    return (kind == "hypothesis" or fact.op == ">") and _signed(world, fact)


def _signed(world: World, fact: Fact) -> bool:
    if fact.op == "=":
        return world.vanishes(fact.diff.num)
    return world.sign(fact.diff.num) >= (POSITIVE if fact.op == ">" else NONNEGATIVE)


def _gives(world: World, one: Sequence[Fact], other: Sequence[Fact]) -> bool:
    """Is every link of the other a link of the one, up to positive factors?"""
    shown = [kernel.assume(world, fact, "aim") for fact in one]
    return all(any(entails(t, fact) for t in shown) for fact in other)


# -- what a remark says of the goal ---------------------------------------------------------------


def _sides_hold(statement: Statement, text: str) -> bool:
    """ "sides >=", "terms >": the sign of both sides of the goal, or of each of their terms."""
    of, _, sign = text.rpartition(" ")
    return _signs_hold(
        statement, ", ".join(f"{part} {sign} 0" for part in parts_of(statement.goal, of))
    )


def _over_reals(statement: Statement, text: str) -> bool:
    """Does a relation, else what is said of the goal, hold for all reals, and not only here?"""
    if statement.domain == "real":
        return True
    if not text:
        return False
    wide = parse_statement(statement.variables, "real", (), text)
    chain = wide.goal
    reasons: list[dict[str, object]] = [{"by": "known"}]
    if chain.parts[-1] == ZERO:
        found = squares(chain.parts[0])
        reasons += [square_step(found)] if found else []
        reasons.append({"by": "positive", "expr": expr_ascii(chain.parts[0])})
    if {*chain.ops} == {"="}:
        reasons.append({"by": "identity"})
    steps = ({"id": "s1", "claim": text, **reason} for reason in reasons)
    return any(check_proof(wide, [step], None).grade == "proved" for step in steps)


def _shaped(statement: Statement, text: str) -> bool:
    """Is the goal symmetric, cyclic or homogeneous (of this degree), as a remark says?"""
    kind, _, degree = text.partition(" ")
    if kind == "homogeneous":
        degrees = {degree_of(part) for part in statement.goal.parts if part != ZERO}
        found = degrees.pop() if len(degrees) == 1 else None
        return found is not None and degree in ("", str(found))
    names = statement.variables
    orders = [names[1:] + names[:1]]
    if kind == "symmetric":
        orders.append((names[1], names[0], *names[2:]) if len(names) > 1 else names)
    world = world_of(statement)
    return all(
        kernel.keeps(world, order)
        and _gives(world, world.goal, [_image(world, fact, order) for fact in world.goal])
        for order in orders
    )


def _image(world: World, fact: Fact, order: Sequence[str]) -> Fact:
    return replace(fact, diff=kernel.moved(world, fact.diff, order))


_SHOWN = {"sides": _sides_hold, "range": _over_reals, "shape": _shaped}
