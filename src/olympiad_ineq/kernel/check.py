"""Checking a proof: every step by its rule, from earlier facts only; then the goal, then equality.

Grades, best first: proved, supported (every relation certified, a reason not matched), open,
limit, unreadable, refuted. A proof is as good as its worst part, and the first bad step is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from flint import fmpq

from .rational import NONNEGATIVE, POSITIVE, Fact, Frac, IllPosed, Limit, World
from .rules import CITING, NAMES, RULES, Broken, Step, Yield
from .statement import Statement
from .syntax import Chain, Unreadable, parse_chain
from .witness import Inexact, Undefined, holds, in_domain, parse_number, refutes, sample

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
        world = World(statement, _texts(list(steps)))
        goal = world.links(statement.goal)
    except IllPosed as error:
        point = _false_point(statement, statement.goal)
        if point:
            return ProofVerdict("refuted", f"the statement is {point}", None)
        return ProofVerdict("open", f"the statement is ill-posed: {error}", None)
    except Limit as error:
        return ProofVerdict("limit", f"the statement: {error}", None)
    if world.contradiction:
        return ProofVerdict("open", "the hypotheses contradict each other or the domain", None)
    checker = _Checker(world, goal)
    verdicts = [checker.step(i, step) for i, step in enumerate(steps)]
    last = checker.goal(bool(steps))
    if last.grade == "proved" and equality:
        last = checker.equality(equality)
    bad = [v for v in (*verdicts, last) if v.grade != "proved"]
    if not bad:
        return ProofVerdict("proved", "every step and the goal check", None, tuple(verdicts))
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


def _false_point(statement: Statement, chain: Chain) -> str:
    """Where the chain fails, at the first exact sample point that refutes it; or nothing."""
    for point in sample(statement):
        verdict = refutes(chain, point)
        if verdict.refutes:
            return verdict.reason
    return ""


class _Checker:
    def __init__(self, world: World, goal: list[Fact]) -> None:
        self.world, self.target = world, goal
        self.facts: dict[str, Fact] = {}
        self.shaky: set[str] = set()  # ids whose claims are assumed, not established
        for i, fact in enumerate(world.given, 1):
            self.facts[f"given{i}"] = fact
        if len(world.given) == 1:
            self.facts["given"] = world.given[0]

    def step(self, number: int, step: Mapping[str, object]) -> StepVerdict:
        """Check one step; its claim becomes a fact only if its rule gives it."""
        name = f"#{number + 1}"
        if not isinstance(step, Mapping):
            return StepVerdict(name, "unreadable", f"step {name}: not a record")
        given = step.get("id", name)
        name = given if isinstance(given, str) and 0 < len(given) <= 40 else name
        claim: Chain | None = None
        try:
            if name in self.facts:
                raise Broken("its name is already taken")
            text = step.get("claim")
            if not isinstance(text, str):
                raise Unreadable("it has no claim")
            claim = parse_chain(text, self.world.statement.variables)
            links = self.world.links(claim)
            grade, reason = self.judge(step, name, claim, links)
        except Unreadable as error:
            grade, reason = "unreadable", str(error)
        except (Limit, ArithmeticError) as error:
            grade, reason = "limit", str(error)
        except (IllPosed, Broken) as error:
            grade, reason = "open", str(error)
        if claim is not None and grade in ("open", "limit"):
            false = _false_point(self.world.statement, claim)
            if false:
                grade, reason = "refuted", f"{reason} ({claim.text} is {false})"
        if reason:
            reason = f"step {name}: {reason}"
        return StepVerdict(name, grade, reason)

    def judge(
        self, step: Mapping[str, object], name: str, claim: Chain, links: list[Fact]
    ) -> tuple[str, str]:
        rule = step.get("by")
        open_reason = ""
        rests: list[str] = []
        if rule is None:
            open_reason = "no reason is given"
        elif not isinstance(rule, str) or rule not in RULES:
            open_reason = f"the rule {str(rule)[:40]!r} is not known"
        else:
            try:
                if rule in CITING:
                    rests = self.citations(step)
                for link in links:
                    self.follows(step, rule, claim, link, len(links))
            except Broken as error:
                open_reason = str(error)
        whole = self.world.whole(claim) if len(links) > 1 else links[0]
        if not open_reason:
            self.facts[name] = whole
            if rests:
                self.shaky.add(name)
                return "open", f"rests on step {rests[0]}, which is not established"
            return "proved", ""
        repeated = all(self.entailed(link) for link in links)
        if repeated or (self.certified(links) and not self.restates(whole)):
            self.facts[name] = whole
            return "supported", open_reason
        self.facts[name] = whole
        self.shaky.add(name)
        return "open", open_reason

    def citations(self, step: Mapping[str, object]) -> list[str]:
        raw = step.get("of")
        names = [raw] if isinstance(raw, str) else raw
        if not isinstance(names, Sequence) or not names:
            raise Unreadable("it cites no step")
        for name in map(str, names):
            if name not in self.facts:
                raise Broken(f"it cites {str(name)[:40]}, which does not stand before it")
        return [str(name) for name in names if name in self.shaky]

    def follows(
        self, step: Mapping[str, object], rule: str, claim: Chain, link: Fact, links: int
    ) -> None:
        """Raise Broken unless the rule yields this link (in a chain, = may be an identity)."""
        w = self.world
        if link.op == "=" and links > 1:
            if not w.equal(link.lhs, link.rhs):
                raise Broken("an equality in the chain does not hold")
            return
        yields: list[Yield] = []
        for item in RULES[rule](Step(w, self.facts, step, link)):
            yields.append(item)
            if self.gives(item, link):
                return
        first = yields[0]
        sign = "=" if first.equation else ">" if first.strict else ">="
        lhs, rhs = w.text(first.lhs), w.text(first.rhs)
        raise Broken(f"{self.what(step, rule)} gives {lhs} {sign} {rhs}, not {claim.text}")

    def what(self, step: Mapping[str, object], rule: str) -> str:
        parts = [NAMES[rule]]
        words = {"terms": "on", "x": "on", "nums": "on", "expr": "on", "y": "and", "dens": "over"}
        for key, word in {**words, "of": "of", "weights": "with weights"}.items():
            raw = step.get(key)
            if raw is not None:
                items = raw if isinstance(raw, list | tuple) else [raw]
                parts.append(f"{word} {', '.join(str(x) for x in items)[:200]}")
        return " ".join(parts)

    def gives(self, item: Yield, link: Fact) -> bool:
        w = self.world
        diff = w.sub(item.lhs, item.rhs)
        if link.op == "=":
            return item.equation and (w.matches(diff, link.diff) or self.negated(diff, link))
        if link.op == ">" and not item.strict:
            return False
        if item.equation and self.negated(diff, link):
            return True
        return w.matches(diff, link.diff)

    def negated(self, diff: Frac, link: Fact) -> bool:
        return self.world.matches(self.world.scale(diff, fmpq(-1)), link.diff)

    def certified(self, links: list[Fact]) -> bool:
        """Every link is an identity, has a plain sign, or repeats an established fact."""
        w = self.world
        for link in links:
            need = POSITIVE if link.op == ">" else NONNEGATIVE
            if link.op == "=" and not w.vanishes(link.diff.num):
                return False
            if link.op != "=" and w.sign(link.diff.num) < need and not self.entailed(link):
                return False
        return True

    def restates(self, fact: Fact) -> bool:
        return any(goal.op != "=" and self.entails(fact, goal) for goal in self.target)

    def entails(self, fact: Fact, goal: Fact) -> bool:
        """fact => goal: the same up to moving terms, positive factors and positive denominators."""
        w = self.world
        if goal.op == ">" and fact.op != ">":
            return False
        if goal.op == "=":
            return fact.op == "=" and (
                w.same_sign(fact.diff.num, goal.diff.num)
                or w.same_sign(-fact.diff.num, goal.diff.num)
            )
        if w.same_sign(fact.diff.num, goal.diff.num) or w.matches(fact.diff, goal.diff):
            return True
        return fact.op == "=" and w.same_sign(-fact.diff.num, goal.diff.num)

    def entailed(self, goal: Fact) -> bool:
        if goal.op != ">" and self.world.vanishes(goal.diff.num):
            return True
        return any(
            self.entails(fact, goal)
            for name, fact in reversed(self.facts.items())
            if name not in self.shaky
        )

    def goal(self, steps: bool) -> StepVerdict:
        """Every link of the goal must be entailed by an established fact."""
        try:
            if steps and all(self.entailed(link) for link in self.target):
                return StepVerdict("goal", "proved", "")
            resting = next(
                (n for n in self.shaky for g in self.target if self.entails(self.facts[n], g)), None
            )
            why = f"the goal rests on step {resting}" if resting else "no step gives the goal"
        except Limit as error:
            return StepVerdict("goal", "limit", f"the goal: {error}")
        false = _false_point(self.world.statement, self.world.statement.goal)
        if false:
            return StepVerdict("goal", "refuted", f"{why}, and the goal is {false}")
        return StepVerdict("goal", "open", why)

    def equality(self, equality: Mapping[str, object]) -> StepVerdict:
        """The claimed equality case: the goal holds there with =, and the case can occur."""
        try:
            reason = self.equality_fault(equality)
        except (Unreadable, Limit, IllPosed, Undefined, Inexact) as error:
            return StepVerdict("equality", "open", f"equality case: {error or 'not checked'}")
        if reason:
            return StepVerdict("equality", "refuted", f"equality case: {reason}")
        return StepVerdict("equality", "proved", "")

    def equality_fault(self, equality: Mapping[str, object]) -> str:
        w, statement = self.world, self.world.statement
        goal = statement.goal
        flat = Chain(goal.parts, tuple("=" for _ in goal.ops), goal.text)
        if any(op in "<>" for op in goal.ops):
            return "the goal is strict, so equality never holds"
        if set(equality) - {"when", "point"} or not equality:
            raise Unreadable("expected when or point")
        if "point" in equality:
            raw = equality["point"]
            if not isinstance(raw, Mapping) or set(raw) != set(statement.variables):
                raise Unreadable("the point must give every variable")
            point = {name: parse_number(raw[name]) for name in statement.variables}
            if not in_domain(statement, point):
                return "the point is outside the domain or the hypotheses"
            return "" if holds(flat, point) else "the two sides differ at the point"
        when = parse_chain(str(equality["when"]), statement.variables)
        if any(op != "=" for op in when.ops):
            raise Unreadable("an equality case is a chain of =")
        ideal = list(w.ideal)
        try:
            for fact in w.links(when):
                if POSITIVE in (w.sign(fact.diff.num), w.sign(-fact.diff.num)):
                    return "it cannot occur on the domain"
                w.impose(fact.diff.num)
            for (p, m), (q, n) in combinations(w.radicals, 2):  # equal radicands, equal roots
                if m == n and w.vanishes(w.factors[p] - w.factors[q]):
                    w.impose(w.radicals[p, m] - w.radicals[q, n])
            if any(p.is_constant() for p in w.ideal):
                return "it cannot occur under the hypotheses"
            if all(w.vanishes(fact.diff.num) for fact in self.target):
                return ""
            there = Statement(statement.variables, statement.domain, (*statement.given, when), flat)
            false = _false_point(there, flat)
            if false:
                return f"the two sides differ, {when.text} is not enough ({goal.text} is {false})"
            raise Unreadable("not shown to give equality")
        finally:
            w.ideal = ideal
            w.known.clear()
