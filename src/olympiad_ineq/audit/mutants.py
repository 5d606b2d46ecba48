"""One thing changed in a sound proof, by type of error. Whether it is wrong, the kernel says."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from olympiad_ineq.data_gen.symbolic import Draft
from olympiad_ineq.records import Domain

Step = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A proof with one change, and what was changed, in words."""

    steps: tuple[Step, ...]
    change: str
    equality: dict[str, Any] = field(default_factory=dict)
    domain: Domain | None = None  # where the problem's own domain was changed


def constant(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """A number of a claim, changed by one or two; in the last claim, the goal's own number."""
    for at in _order(draft, draw):
        claim = draft.steps[at]["claim"]
        numbers = list(re.finditer(r"(?<![\^\d(])\d+(?!\))", claim))
        draw.shuffle(numbers)
        for found in numbers:
            for by in draw.sample((1, -1, 2), 3):
                new = int(found[0]) + by
                if new > 0:
                    changed = f"{claim[: found.start()]}{new}{claim[found.end() :]}"
                    yield _with_claim(
                        draft, at, changed, f"{found[0]} became {new} in step {at + 1}"
                    )


def direction(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """The sign of a claim, turned."""
    turned = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}
    for at in _order(draft, draw):
        claim = re.sub(r"[<>]=?", lambda m: turned[m[0]], draft.steps[at]["claim"])
        yield _with_claim(draft, at, claim, f"the inequality of step {at + 1} was turned round")


def weight(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """The weights of a mean or of a sum, changed; the claim stays."""
    for at in _order(draft, draw):
        step = draft.steps[at]
        key = {"amgm": "terms", "combine": "of"}.get(step["by"])
        items = step.get(key, ()) if key else ()
        if isinstance(items, str) or len(items) < 2:
            continue
        old = list(step.get("weights", [1] * len(items)))
        for place in draw.sample(range(len(old)), len(old)):
            new = [w + (1 if i == place else 0) for i, w in enumerate(old)]
            yield _with(draft, at, {"weights": new}, f"weights {old} became {new} in step {at + 1}")


def positivity(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """The same proof for all reals, where a mean or a multiplication needs positive numbers."""
    if draft.domain == "positive" and not draft.given and "/" not in draft.goal:
        yield Mutant(
            tuple(draft.steps),
            "the variables were positive and are now any real numbers",
            domain="real",
        )


def circular(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """The goal from a step that itself follows from the goal."""
    last: Step = {"claim": draft.goal, "by": "combine"}
    double = re.sub(r"^(.*?)\s*(>=|<=|>|<)\s*(.*)$", r"2*(\1) \2 2*(\3)", draft.goal, count=1)
    yield Mutant(
        (
            {"id": "s1", "claim": double, "by": "combine", "of": ["s2"]},
            {"id": "s2", **last, "of": ["s1"]},
        ),
        "each of the two steps rests on the other",
    )
    kept = [dict(step) for step in draft.steps[:-1]]
    name = f"s{len(kept) + 1}"
    yield Mutant(
        (
            *kept,
            {"id": name, "claim": double, "by": "combine", "of": [f"s{len(kept) + 2}"]},
            {"id": f"s{len(kept) + 2}", **last, "of": [name]},
        ),
        "the last two steps rest on each other",
    )


def gap(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """A needed step left out, with every mention of it."""
    count = len(draft.steps)
    for at in draw.sample(range(count - 1), count - 1) if count > 1 else ():
        gone = draft.steps[at]["id"]
        kept: list[Step] = []
        for step in draft.steps:
            if step["id"] == gone:
                continue
            new = dict(step)
            if "of" in step:
                of = [step["of"]] if isinstance(step["of"], str) else list(step["of"])
                left = [i for i, name in enumerate(of) if name != gone]
                if not left:
                    new.pop("of")
                    new.pop("by", None)
                    new.pop("weights", None)
                elif len(left) < len(of):
                    new["of"] = [of[i] for i in left]
                    if "weights" in step:
                        new["weights"] = [step["weights"][i] for i in left]
            kept.append(new)
        yield Mutant(tuple(kept), f"step {at + 1} of {count} was left out")
    if count == 1:
        only = {k: v for k, v in draft.steps[0].items() if k in ("id", "claim")}
        yield Mutant((only,), "the only reason was left out")


def wrong_lemma(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """A step's lemma replaced by another that does not give the claim."""
    for at in _order(draft, draw):
        step = draft.steps[at]
        base = {"id": step["id"], "claim": step["claim"]}
        by = step["by"]
        others: list[Step] = []
        if by == "amgm":
            terms = list(step["terms"])
            others = [
                {"by": "cauchy", "x": terms, "y": list(reversed(terms))},
                {"by": "titu", "nums": terms, "dens": list(reversed(terms))},
            ]
        elif by == "titu":
            nums, dens = list(step["nums"]), list(step["dens"])
            others = [{"by": "cauchy", "x": nums, "y": dens}, {"by": "amgm", "terms": dens}]
        elif by == "cauchy":
            x, y = list(step["x"]), list(step["y"])
            others = [{"by": "titu", "nums": x, "dens": y}, {"by": "amgm", "terms": x}]
        elif by == "square" and isinstance(step["expr"], str):
            parts = [p for p in re.split(r"(?<=[\w)])[-+]", step["expr"]) if p]
            if len(parts) > 1:
                others = [{"by": "amgm", "terms": parts}]
        elif by == "combine" and not isinstance(step["of"], str) and len(step["of"]) > 1:
            others = [{"by": "multiply", "of": list(step["of"])}]
        elif by == "multiply":
            others = [{"by": "combine", "of": list(step["of"])}]
        for other in others:
            steps = [dict(s) for s in draft.steps]
            steps[at] = base | other
            yield Mutant(tuple(steps), f"step {at + 1} names {other['by']} where {by} is needed")


def wrong_equality(draft: Draft, draw: Random) -> Iterator[Mutant]:
    """A sound proof with an equality case at which the two sides differ."""
    steps = tuple(draft.steps)
    names = list(draft.variables)
    point = draft.equality.get("point")
    for _ in range(6):
        name = draw.choice(names)
        factor = draw.choice((2, 3, 4))
        if point is not None:
            new = dict(point)
            new[name] = str(factor) if new[name] == "1" else "1"
            yield Mutant(steps, f"the equality case has another {name}", {"point": new})
        elif len(names) > 1:
            others = [n for n in names if n != name]
            when = " = ".join([f"{factor}*{name}", *others])
            yield Mutant(steps, f"the equality case has another {name}", {"when": when})


ERRORS: dict[str, Callable[[Draft, Random], Iterator[Mutant]]] = {
    "constant": constant,
    "direction": direction,
    "weight": weight,
    "positivity": positivity,
    "circular": circular,
    "gap": gap,
    "wrong_lemma": wrong_lemma,
    "wrong_equality": wrong_equality,
}
# These make a claim false, so they must be refuted by an exact counterexample; the others break a
# reason, a condition or the chain of steps.
FALSE_CLAIMS = ("constant", "direction", "wrong_equality")


def _order(draft: Draft, draw: Random) -> list[int]:
    return draw.sample(range(len(draft.steps)), len(draft.steps))


def _with(draft: Draft, at: int, new: Step, change: str) -> Mutant:
    steps = [dict(step) for step in draft.steps]
    steps[at] |= new
    return Mutant(tuple(steps), change)


def _with_claim(draft: Draft, at: int, claim: str, change: str) -> Mutant:
    return _with(draft, at, {"claim": claim}, change)
