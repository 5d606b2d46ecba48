"""Checking a proof: every step by its rule, from earlier facts only; then the goal, then equality.

Grades, best first: proved, supported (every relation certified, a reason not matched), open,
limit, unreadable, refuted. A proof is as good as its worst part, and the first bad step is named.
`proved` needs the kernel's `Proved`: what goes wrong here can misjudge a reason, no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import (
    NONNEGATIVE,
    POSITIVE,
    Fact,
    Frac,
    IllPosed,
    Limit,
    Poly,
    World,
)
from olympiad_ineq.kernel.theorem import Broken, Proved, Theorem
from olympiad_ineq.kernel.trees import Chain, Statement
from olympiad_ineq.kernel.witness import Inexact, Undefined, holds, in_domain
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_number

from .match import entails, equal, gives, matches, multiple
from .points import Points
from .rules import CITING, NAMES, OWN_STEPS, RULES, not_taken
from .step import Known, Reader, Step, Yield, like, missing
from .tight import forced
from .worlds import contradictory, world_of

GRADES = ("proved", "supported", "open", "limit", "unreadable", "refuted")
MAX_STEPS = 60


@dataclass(frozen=True, slots=True)
class StepVerdict:
    id: str
    grade: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    grade: str
    reason: str
    step: str | None
    steps: tuple[StepVerdict, ...] = ()
    proved: Proved | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.grade == "proved" and self.proved is None:
            raise ValueError("only what the kernel has settled is proved")


def check_proof(
    statement: Statement,
    steps: Sequence[Mapping[str, object]],
    equality: Mapping[str, object] | None = None,
) -> ProofVerdict:
    """Grade a proof of the statement, given as step records, and its claimed equality case."""
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        return ProofVerdict("unreadable", "expected a list of steps", None)
    if len(steps) > MAX_STEPS:
        return ProofVerdict("limit", f"more than {MAX_STEPS} steps", None)
    try:
        world = world_of(statement, _texts(list(steps)))
        checker = _Checker(world)
    except IllPosed as error:
        point = Points(statement).failing(statement.goal)
        if point:
            return ProofVerdict("refuted", f"the statement is {point}", None)
        return ProofVerdict("open", f"the statement is ill-posed: {error}", None)
    except Limit as error:
        return ProofVerdict("limit", f"the statement: {error}", None)
    if contradictory(world):
        return ProofVerdict("open", "the hypotheses contradict each other or the domain", None)
    verdicts = [checker.step(i, step) for i, step in enumerate(steps)]
    last = checker.goal(bool(steps))
    if last.grade == "proved" and equality:
        last = checker.equality(equality)
    bad = [v for v in (*verdicts, last) if v.grade != "proved"]
    if not bad:
        reason = "every step and the goal check"
        return ProofVerdict("proved", reason, None, tuple(verdicts), checker.proved)
    worst = max(bad, key=lambda v: GRADES.index(v.grade))
    reason = bad[0].reason
    if worst.grade != bad[0].grade:
        reason = f"{reason}; moreover {worst.reason}"
    return ProofVerdict(worst.grade, reason, bad[0].id, tuple(verdicts))


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Every text in a record: only to see whether roots occur."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < 3:
        for item in value.values():
            yield from _texts(item, depth + 1)
    elif isinstance(value, list | tuple) and depth < 3:
        for item in value:
            yield from _texts(item, depth + 1)


class _Checker:
    def __init__(self, world: World) -> None:
        self.world, self.target = world, world.goal
        self.points = Points(world.statement, world)
        self.read = Reader(world.statement.variables)
        self.proved: Proved | None = None
        self.facts = {
            f"given{i}": Known(fact, kernel.given(world, i - 1))
            for i, fact in enumerate(world.given, 1)
        }
        if len(world.given) == 1:
            self.facts["given"] = self.facts["given1"]

    def step(self, number: int, step: Mapping[str, object]) -> StepVerdict:
        """Check one step; its claim becomes a fact only if its rule gives it."""
        name = f"#{number + 1}"
        if not isinstance(step, Mapping):
            return StepVerdict(name, "unreadable", f"step {name}: not a record")
        given = step.get("id", name)
        name = given if isinstance(given, str) and 0 < len(given) <= 40 else name
        claim: Chain | None = None
        links: list[Fact] | None = None
        try:
            if name in self.facts:
                raise Broken("its name is already taken")
            text = step.get("claim")
            if not isinstance(text, str):
                raise Unreadable("it has no claim")
            goal = self.world.statement.goal
            claim = goal if text == goal.text else parse_chain(text, self.read.variables)
            links = self.target if claim is goal else self.world.links(claim)
            grade, reason = self.judge(step, name, claim, links)
            case = step.get("equality")
            if grade == "proved" and case is not None:
                last = self.equality(case if isinstance(case, Mapping) else {}, claim)
                grade, reason = last.grade, last.reason
        except Unreadable as error:
            grade, reason = "unreadable", str(error)
        except (Limit, ArithmeticError) as error:
            grade, reason = "limit", str(error)
        except (IllPosed, Broken) as error:
            grade, reason = "open", str(error)
        if claim is not None and grade in ("open", "limit"):
            false = self.points.failing(claim, links)
            if false:
                grade, reason = "refuted", f"{reason} ({claim.text} is {false})"
        if reason:
            reason = f"step {name}: {reason}"
        return StepVerdict(name, grade, reason)

    def judge(
        self, step: Mapping[str, object], name: str, claim: Chain, links: list[Fact]
    ) -> tuple[str, str]:
        rule = step.get("by")
        open_reason, whole = "", _whole(self.world, claim) if len(links) > 1 else links[0]
        rests: list[str] = []
        found: list[Known] = []
        if rule is None:
            open_reason = "no reason is given"
        elif not isinstance(rule, str) or rule not in RULES:
            open_reason = f"the rule {str(rule)[:40]!r} is not known"
        else:
            try:
                if unread := not_taken(step, rule):
                    raise Unreadable(unread)
                if rule == "known" and self.restates(whole):
                    raise Broken("the claim itself is no reason")
                if rule in CITING:
                    rests = self.citations(step)
                found = [self.follows(step, rule, claim, link, len(links)) for link in links]
            except Broken as error:
                open_reason = str(error)
        if not open_reason:
            theorems = [item.theorem for item in found]
            self.facts[name] = Known(whole, self.joined(theorems, whole), partial(_tight, found))
            if rests:
                return "open", f"rests on step {rests[0]}, which is not established"
            return "proved", ""
        false = self.points.failing(claim, links)
        if false:
            self.facts[name] = Known(whole, kernel.assume(self.world, whole, name))
            return "refuted", f"{open_reason} ({claim.text} is {false})"
        shown = self.repeated(links) or (None if self.restates(whole) else self.certified(links))
        if shown is not None:
            self.facts[name] = Known(whole, self.joined(shown, whole))
            return "supported", open_reason
        self.facts[name] = Known(whole, kernel.assume(self.world, whole, name))
        return "open", open_reason

    def joined(self, links: list[Theorem], whole: Fact) -> Theorem:
        """What the chain's ends say, by transitivity of its links."""
        if len(links) == 1:
            return links[0]
        found = matches(kernel.combined(self.world, [(fmpq(1), t) for t in links]), whole)
        if found is None:
            raise Broken("the chain's ends do not follow from its links")
        return found

    def citations(self, step: Mapping[str, object]) -> list[str]:
        raw = step.get("of")
        if raw is None:
            raise missing("of")
        names = [raw] if isinstance(raw, str) else raw
        if not isinstance(names, Sequence) or not names:
            raise Unreadable(f"it cites no step; fix: name one, {like('of')}")
        for name in map(str, names):
            if name not in self.facts:
                raise Broken(f"it cites {str(name)[:40]}, which does not stand before it")
        return [str(name) for name in names if self.facts[name].theorem.assumed]

    def follows(
        self, step: Mapping[str, object], rule: str, claim: Chain, link: Fact, links: int
    ) -> Known:
        """The link from what the rule yields (in a chain, = may be an identity), or Broken."""
        w = self.world
        if link.op == "=" and links > 1:
            shown = equal(link, w)
            if shown is None:
                raise Broken("an equality in the chain does not hold")
            return Known(link, shown)
        first: Yield | None = None
        for item in RULES[rule](Step(w, self.read, self.facts, step, link, claim, self.prove)):
            found = gives(item.theorem, link)
            if found is not None:
                return Known(link, found, item.zeros)
            first = first or item
        assert first is not None
        lhs, rhs = (_text(side) for side in first.sides())
        what = f"{self.what(step, rule)} gives {lhs} {first.theorem.op} {rhs}"
        raise Broken(f"{what}, not {claim.text}")

    def prove(
        self, statement: Statement, steps: Sequence[Mapping[str, object]]
    ) -> tuple[World, list[Theorem]]:
        """The links of another statement's goal by steps of its own, in a world of its own."""
        if len(steps) > MAX_STEPS:
            raise Broken(f"more than {MAX_STEPS} steps")
        if any(isinstance(s, Mapping) and s.get("by") in (*OWN_STEPS,) for s in steps):
            own = "cases, wlog and substitute do not stand within one another"
            raise Broken(f"steps of their own within such steps: {own}")
        world = world_of(statement, _texts(list(steps)))
        if contradictory(world):
            raise Broken("the hypotheses contradict each other or the domain")
        inner = _Checker(world)
        for i, step in enumerate(steps):
            verdict = inner.step(i, step)
            if verdict.grade != "proved":
                raise Broken(verdict.reason)
        shown = inner.repeated(inner.target)
        if shown is None:
            raise Broken("no step gives the claim")
        return world, shown

    def what(self, step: Mapping[str, object], rule: str) -> str:
        parts = [NAMES[rule]]
        words = {"terms": "on", "x": "on", "nums": "on", "expr": "on", "y": "and", "dens": "over"}
        for key, word in {**words, "of": "of", "weights": "with weights"}.items():
            raw = step.get(key)
            if raw is not None:
                items = raw if isinstance(raw, list | tuple) else [raw]
                parts.append(f"{word} {', '.join(str(x) for x in items)[:200]}")
        return " ".join(parts)

    def certified(self, links: list[Fact]) -> list[Theorem] | None:
        """Every link is an identity, has a plain sign, or repeats an established fact."""
        w, found = self.world, []
        for link in links:
            t: Theorem | None = None
            need = POSITIVE if link.op == ">" else NONNEGATIVE
            if link.op == "=":
                t = kernel.vanishing(w, link.diff) if w.vanishes(link.diff.num) else None
            elif w.sign(link.diff.num) >= need:
                t = kernel.restated(kernel.signed(w, link.diff), link)
            else:
                t = self.entailed(link)
            if t is None:
                return None
            found.append(t)
        return found

    def repeated(self, links: list[Fact]) -> list[Theorem] | None:
        found = []
        for link in links:
            t = self.entailed(link)
            if t is None:
                return None
            found.append(t)
        return found

    def restates(self, fact: Fact) -> bool:
        t = kernel.assume(self.world, fact, "the claim")
        goals = [goal for goal in self.target if goal.op != "="]
        return any(entails(t, goal) or multiple(fact, goal) for goal in goals)

    def entailed(self, goal: Fact) -> Theorem | None:
        """The relation, as an established fact has it or as an identity."""
        if goal.op != ">" and self.world.vanishes(goal.diff.num):
            return kernel.restated(kernel.vanishing(self.world, goal.diff), goal)
        for known in reversed(self.facts.values()):
            t = None if known.theorem.assumed else entails(known.theorem, goal)
            if t is not None:
                return t
        return None

    def goal(self, steps: bool) -> StepVerdict:
        """Every link of the goal must be entailed by an established fact."""
        try:
            false = self.points.tried.get(self.world.statement.goal.text)
            shown = self.repeated(self.target) if steps and not false else None
            if shown is not None:
                self.proved = kernel.settle(self.world, shown)
                return StepVerdict("goal", "proved", "")
            resting = next(
                (name for name, known in self.facts.items() for goal in self.target
                 if known.theorem.assumed and entails(known.theorem, goal)), None
            )  # fmt: skip
            why = f"the goal rests on step {resting}" if resting else "no step gives the goal"
        except Limit as error:
            return StepVerdict("goal", "limit", f"the goal: {error}")
        false = self.points.failing(self.world.statement.goal, self.target)
        if false:
            return StepVerdict("goal", "refuted", f"{why}, and the goal is {false}")
        return StepVerdict("goal", "open", why)

    def equality(self, equality: Mapping[str, object], claim: Chain | None = None) -> StepVerdict:
        """The claimed equality case: the goal (or a claim) holds there with =, and it can occur."""
        before = equality.get("from")
        if before is not None:  # the case as it was said first
            if not isinstance(before, Mapping):
                return StepVerdict("equality", "open", "equality case: from is no equality case")
            verdict = self.equality({**before, "from": None}, claim)
            if verdict.grade != "proved" or not self.same_case(before, equality):
                reason = "equality case: what it is called in other words is not shown"
                return StepVerdict("equality", "open", verdict.reason or reason)
        try:
            reason = self.equality_fault(equality, claim or self.world.statement.goal)
        except (Unreadable, Limit, IllPosed, Undefined, Inexact) as error:
            return StepVerdict("equality", "open", f"equality case: {error or 'not checked'}")
        if reason:
            return StepVerdict("equality", "refuted", f"equality case: {reason}")
        if equality.get("only") and not self.nowhere_else(equality, claim):
            reason = "equality case: that equality holds only there is not shown"
            return StepVerdict("equality", "supported", reason)
        return StepVerdict("equality", "proved", "")

    def nowhere_else(self, equality: Mapping[str, object], claim: Chain | None) -> bool:
        """Where the goal (or a claim) holds with =, does what is said of the equality case?

        The equations are those of the established facts that give it: see tight.py.
        """
        try:
            wanted = self.case(equality)
            links = self.target if claim is None else self.world.links(claim)
            equations = [p for link in links if link.op != "=" for p in self.tight(link)]
            return forced(self.world, equations, wanted)
        except (Broken, IllPosed, Limit, Unreadable):
            return False

    def case(self, equality: Mapping[str, object]) -> list[Poly]:
        """What vanishes in an equality case."""
        point = equality.get("point")
        texts = _when(equality)
        if isinstance(point, Mapping):
            texts = [f"{name} = {parse_number(point[name])}" for name in point]
        cases = [parse_chain(text, self.read.variables) for text in texts]
        return [f.diff.num for case in cases for f in self.world.links(case)]

    def same_case(self, one: Mapping[str, object], two: Mapping[str, object]) -> bool:
        """Do two descriptions of an equality case mean the same points?"""
        try:
            first, second = self.case(one), self.case(two)
        except (Broken, IllPosed, Limit, Unreadable):
            return False
        return forced(self.world, first, second) and forced(self.world, second, first)

    def tight(self, link: Fact) -> list[Poly]:
        """What vanishes where the relation holds with =."""
        shown = [k for k in self.facts.values() if not k.theorem.assumed]
        giving = [k for k in shown if k.theorem.op != "=" and entails(k.theorem, link)]
        return [link.diff.num, *(p for k in giving for p in k.tight())]

    def equality_fault(self, equality: Mapping[str, object], goal: Chain) -> str:
        w, statement = self.world, self.world.statement
        flat = Chain(goal.parts, tuple("=" for _ in goal.ops), goal.text)
        if any(op in "<>" for op in goal.ops):
            return "the relation is strict, so equality never holds"
        if set(equality) - {"when", "point", *_MORE} or not {"when", "point"} & set(equality):
            raise Unreadable("expected when or point")
        cases = []
        if "when" in equality:
            cases = [parse_chain(text, statement.variables) for text in _when(equality)]
        if any(op != "=" for when in cases for op in when.ops):
            raise Unreadable("an equality case is a chain of =")
        if "point" in equality:
            raw = equality["point"]
            if not isinstance(raw, Mapping) or set(raw) != set(statement.variables):
                raise Unreadable("the point must give every variable")
            point = {name: parse_number(raw[name]) for name in statement.variables}
            if not in_domain(statement, point):
                return "the point is outside the domain or the hypotheses"
            if not holds(flat, point):
                return "the two sides differ at the point"
            if any(not holds(when, point) for when in cases):
                return "what when says is not so at the point"
            if not cases:
                return ""
        for fact in (fact for when in cases for fact in w.links(when)):
            if POSITIVE in (w.sign(fact.diff.num), w.sign(-fact.diff.num)):
                return "it cannot occur on the domain"
        there = Statement(statement.variables, statement.domain, (*statement.given, *cases), flat)
        case = world_of(there)
        if contradictory(case):
            return "it cannot occur on the domain"
        gaps = [fact.diff.num for fact in case.goal]
        if all(case.vanishes(gap) for gap in gaps) or forced(case, [], gaps):
            return ""
        false = Points(there).failing(flat)
        if false:
            said = ", ".join(when.text for when in cases)
            return f"the two sides differ, {said} is not enough (equality is {false})"
        raise Unreadable("not shown to give equality")


_MORE = ("only", "from")  # that it holds nowhere else; the case as it was said first


def _when(equality: Mapping[str, object]) -> list[str]:
    """The equations of an equality case."""
    raw = equality.get("when")
    return [str(text) for text in raw] if isinstance(raw, list | tuple) else [str(raw)]


def _tight(links: Sequence[Known]) -> list[Poly]:
    """A chain's ends are equal where each of its links is."""
    return [p for link in links if link.theorem.op != "=" for p in link.tight()]


def _whole(world: World, chain: Chain) -> Fact:
    """What the chain's ends say."""
    op = ">" if {"<", ">"} & set(chain.ops) else ">=" if {"<=", ">="} & set(chain.ops) else "="
    down = any(o[0] == "<" for o in chain.ops)
    left, right = (world.frac(chain.parts[i]) for i in ((-1, 0) if down else (0, -1)))
    return Fact(left, right, world.sub(left, right), op)


def _text(f: Frac) -> str:
    """A quotient in plain ASCII, for messages."""
    top = str(f.num)
    below = "*".join(f"({k})^{n}" if n > 1 else f"({k})" for k, n in f.den.items() if n)
    if below:
        top = f"({top})/({below})" if len(f.num) > 1 else f"{top}/({below})"
    return top if len(top) <= 300 else top[:297] + "..."
