"""Semantic mutants of proved proofs and of certificates, and the hunt for a false one let through.

A mutant changes what a proof says, not how it is spelled: the domain, a hypothesis, a constant in
goal and last claim together, weights, terms, citations, a variable replaced everywhere by x - y,
-x, x^2, 1/x or sqrt(x). Whatever the kernel still accepts is handed to the refuter, whose hits are
confirmed by `benchmarks.common.mutants.refutes`, an evaluator that shares no code with the kernel.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common import mutants as independent
from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.proof import check_proof, replay
from olympiad_ineq.search.refute import Refuter

Case = dict[str, Any]
GOOD = Path(__file__).parent.parent / "proof" / "good_proofs.json"
DOMAINS = ("positive", "nonnegative", "real", "triangle")
FUNCTIONS = ("t^2", "t^3", "1/t", "sqrt(t)", "t-t^2", "1/(1-t)", "t/(t+1)", "t^4-t^2", "1/(t^2+1)")
DELTAS = ("1.01", "0.99", "1.000001", "0.999999", "1.001", "2", "1/2", "-1")


@dataclass(frozen=True)
class Hole:
    """An accepted mutant whose claim is false: the mutant, the claim, where it fails."""

    case: Case
    claim: str
    witness: dict[str, str]


def seeds(symbolic: int, seed: int) -> list[Case]:
    """Hand-written proofs, and proofs of the symbolic source."""
    cases: list[Case] = [
        {"problem": c["problem"], "steps": c["steps"], "equality": c.get("equality", {})}
        for c in json.loads(GOOD.read_text(encoding="utf-8"))
    ]
    from olympiad_ineq.data_gen.symbolic import generate

    techniques = ("amgm", "weighted_amgm", "cauchy", "sos")
    for draft in generate(techniques, (2, 3), (1, 2, 3, 4), symbolic, seed):
        problem = {
            "variables": list(draft.variables), "domain": draft.domain,
            "given": list(draft.given), "goal": draft.goal,
        }  # fmt: skip
        steps = json.loads(json.dumps(draft.steps))
        cases.append({"problem": problem, "steps": steps, "equality": dict(draft.equality)})
    return cases


# -- mutations ------------------------------------------------------------------------------------


def everywhere(case: Case, change: Any) -> None:
    """Apply a change to every mathematical text of the case."""
    problem = case["problem"]
    problem["goal"] = change(problem["goal"])
    problem["given"] = [change(g) for g in problem["given"]]
    _in_steps(case["steps"], change)


def _in_steps(steps: list[dict[str, Any]], change: Any) -> None:
    for step in steps:
        for key, value in step.items():
            if key in ("id", "by", "of", "weights", "degree", "map", "order", "f", "shape"):
                continue
            if isinstance(value, str):
                step[key] = change(value)
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                _in_steps(value, change)
            elif isinstance(value, list):
                step[key] = [change(v) if isinstance(v, str) else v for v in value]


def put(name: str, image: str) -> Any:
    """The change that replaces a variable."""
    pattern = re.compile(rf"(?<![A-Za-z_]){re.escape(name)}(?![A-Za-z_0-9(])")
    return lambda text: pattern.sub(f"({image})", text)


def domain(case: Case, rng: random.Random) -> None:
    names = case["problem"]["variables"]
    case["problem"]["domain"] = rng.choice(DOMAINS if len(names) == 3 else DOMAINS[:3])


def given(case: Case, rng: random.Random) -> None:
    problem = case["problem"]
    names, hypotheses = problem["variables"], problem["given"]
    kind = rng.randrange(6)
    if not hypotheses or kind == 0:
        fresh = [
            f"{'+'.join(names)} = {rng.randint(1, 3)}", f"{'*'.join(names)} = 1",
            f"{names[0]} >= {names[-1]}", f"{names[0]} = {names[-1]}",
            f"{names[0]}^2 = {rng.choice(names)}", f"{names[0]}-{names[-1]} = {rng.choice('01')}",
        ]  # fmt: skip
        hypotheses.append(rng.choice(fresh))
        return
    at = rng.randrange(len(hypotheses))
    if kind == 1:
        del hypotheses[at]
    elif kind == 2:
        hypotheses[at] = numbers(hypotheses[at], rng)
    elif kind == 3:
        hypotheses[at] = hypotheses[at].replace("=", rng.choice((">=", "<=")), 1)
    elif kind == 4:
        hypotheses[at] = re.sub(r"([-+])", lambda m: rng.choice("+-"), hypotheses[at])
    else:
        hypotheses[at] = letters(hypotheses[at], rng, names)


def numbers(text: str, rng: random.Random) -> str:
    spots = list(re.finditer(r"\d+", text))
    if not spots:
        return text
    spot = rng.choice(spots)
    value = max(0, int(spot[0]) + rng.choice((-2, -1, 1, 2)))
    return f"{text[: spot.start()]}{value}{text[spot.end() :]}"


def letters(text: str, rng: random.Random, names: list[str]) -> str:
    spots = list(re.finditer(r"(?<![A-Za-z_])[a-z](?:_\d)?(?![A-Za-z(])", text))
    if not spots:
        return text
    spot = rng.choice(spots)
    return f"{text[: spot.start()]}{rng.choice(names)}{text[spot.end() :]}"


def relation(text: str, rng: random.Random) -> str:
    old = re.search(r"(<=|>=|<|>|(?<![<>])=)", text)
    if old is None:
        return text
    return f"{text[: old.start()]}{rng.choice(('>=', '>', '<=', '='))}{text[old.end() :]}"


def claim_text(text: str, rng: random.Random, names: list[str]) -> str:
    """A change to a relation's meaning."""
    kind = rng.randrange(6)
    if kind == 0:
        return numbers(text, rng)
    if kind == 1:
        return letters(text, rng, names)
    if kind == 2:
        return relation(text, rng)
    pieces = re.split(r"\s(>=|<=|>|<|=)\s", text)
    if len(pieces) < 3:
        return text
    left, op, right = pieces[0], pieces[1], " ".join(pieces[2:])
    if kind == 3:
        return f"{left} {op} {rng.choice(DELTAS)}*({right})"
    if kind == 4:
        return f"{left} {op} {right}{rng.choice(['+1/1000', '-1', '+' + rng.choice(names)])}"
    factor = rng.choice([*names, f"({names[0]}-{names[-1]})", "(-1)", "0"])
    return f"({left})*{factor} {op} ({right})*{factor}"


def claims(case: Case, rng: random.Random) -> None:
    """One claim; or the goal together with the step that says it."""
    names = case["problem"]["variables"]
    if rng.random() < 0.5:
        step = rng.choice(case["steps"])
        step["claim"] = claim_text(str(step.get("claim", "")), rng, names)
        return
    goal = case["problem"]["goal"]
    changed = claim_text(goal, rng, names)
    case["problem"]["goal"] = changed
    for step in case["steps"]:
        if step.get("claim") == goal:
            step["claim"] = changed


def fields(case: Case, rng: random.Random) -> None:
    """Terms, vectors, weights, expressions."""
    step = rng.choice(case["steps"])
    names = case["problem"]["variables"]
    keys = [k for k in ("terms", "weights", "x", "y", "nums", "dens", "expr", "f") if k in step]
    if not keys:
        return
    key = rng.choice(keys)
    value = step[key]
    items = list(value) if isinstance(value, list) else [value]
    at = rng.randrange(len(items))
    kind = rng.randrange(4)
    if key == "weights":
        items[at] = rng.choice([0, 1, 2, 3, -1, "1/2", "-1/3", "2/3"])
    elif key == "f":
        items[at] = rng.choice(FUNCTIONS)
    elif kind == 0:
        items[at] = numbers(str(items[at]), rng)
    elif kind == 1:
        items[at] = letters(str(items[at]), rng, names)
    elif kind == 2:
        items[at] = f"-({items[at]})"
    else:
        items[at] = f"({items[at]})*{rng.choice([*names, '2', '0'])}"
    step[key] = items if isinstance(value, list) else items[0]


def structure(case: Case, rng: random.Random) -> None:
    """Steps dropped, swapped, doubled, with another rule or other citations."""
    steps = case["steps"]
    kind = rng.randrange(6)
    at = rng.randrange(len(steps))
    if kind == 0 and len(steps) > 1:
        del steps[at]
    elif kind == 1:
        rng.shuffle(steps)
    elif kind == 2:
        steps[at]["by"] = rng.choice(
            ("amgm", "square", "positive", "identity", "combine", "multiply", "scale", "cyclic")
        )
    elif kind == 3 and "of" in steps[at]:
        ids = [s.get("id", "") for s in steps] + ["given", "given1"]
        of = steps[at]["of"]
        count = len(of) if isinstance(of, list) else 1
        steps[at]["of"] = [rng.choice(ids) for _ in range(max(1, count + rng.choice((-1, 0, 1))))]
    elif kind == 4:
        other = copy.deepcopy(rng.choice(steps))
        other["id"] = "extra"
        steps.insert(at, other)
    elif "of" in steps[at]:
        of = steps[at]["of"]
        count = len(of) if isinstance(of, list) else 1
        steps[at]["weights"] = [rng.choice([1, 2, -1, "1/2", 0]) for _ in range(count)]


def substitution(case: Case, rng: random.Random) -> None:
    """A variable replaced in every text: true only if no sign was used that is no longer there."""
    names = case["problem"]["variables"]
    name, other = rng.choice(names), rng.choice(names)
    images = (
        f"{name}-{other}", f"-{name}", f"{name}^2", f"1/{name}", f"sqrt({name})", f"{name}-1",
        f"{name}*{other}", f"{other}", f"{name}+{other}", f"{name}^3", f"2*{name}", f"{name}/2",
    )  # fmt: skip
    change = put(name, rng.choice(images))
    if rng.random() < 0.25:
        kept = list(case["problem"]["given"])
        everywhere(case, change)
        case["problem"]["given"] = kept
    else:
        everywhere(case, change)


MUTATIONS = (domain, given, claims, claims, fields, structure, substitution)


def mutant(case: Case, rng: random.Random) -> Case:
    """A case with one to three changes."""
    made = copy.deepcopy(case)
    made["problem"]["given"] = list(made["problem"]["given"])
    made["mutations"] = []
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        mutation = rng.choice(MUTATIONS)
        mutation(made, rng)
        made["mutations"].append(mutation.__name__)
        if not made["steps"]:
            break
    return made


# -- the hunt -------------------------------------------------------------------------------------


def accepted_claims(case: Case) -> list[str] | None:
    """What the kernel vouches for: each proved claim, and the goal; None if it reads nothing."""
    problem = case["problem"]
    try:
        statement = parse_statement(
            problem["variables"], problem["domain"], problem["given"], problem["goal"]
        )
    except Unreadable:
        return None
    verdict = check_proof(statement, case["steps"], case.get("equality") or None)
    found = []
    for step, judged in zip(case["steps"], verdict.steps, strict=False):
        if judged.grade in ("proved", "supported"):
            found.append(str(step["claim"]))
    if verdict.grade in ("proved", "supported"):
        found.append(problem["goal"])
    return found


def falsehood(case: Case, claim: str, deep: bool) -> dict[str, str] | None:
    """A point of the case's domain where the claim fails, confirmed twice."""
    problem = {**case["problem"], "goal": claim}
    try:
        statement = parse_statement(
            problem["variables"], problem["domain"], problem["given"], claim
        )
    except Unreadable:
        return None
    search = Refuter(statement)
    witness = search.quick() or (search.deep(rounds=16, seeds=6, children=8) if deep else None)
    if witness is None:
        return None
    readable = all("\\" not in t and "_" not in t for t in (claim, *problem["given"]))
    if readable and not independent.refutes(problem, witness):
        return None
    return witness


@dataclass
class Tally:
    """Mutants by kind of mutation, tried and with a claim accepted; one may have several kinds."""

    tried: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)


def hunt(
    count: int, seed: int, symbolic: int = 240, tally: Tally | None = None
) -> Iterator[tuple[int, int, Hole | None]]:
    """Try mutants; after each yield (claims accepted, claims that the original made, a hole)."""
    rng = random.Random(seed)
    cases = seeds(symbolic, seed)
    known: dict[tuple[str, str, str], bool] = {}
    for k in range(count):
        case = mutant(cases[k % len(cases)], rng)
        found = accepted_claims(case)
        if tally is not None:
            tally.tried.update(set(case["mutations"]))
            tally.accepted.update(set(case["mutations"]) if found else ())
        hole = None
        problem = case["problem"]
        place = f"{problem['domain']} {problem['variables']} {problem['given']}"
        fresh = 0
        for claim in found or ():
            key = (place, claim, "")
            if key in known:
                continue
            known[key] = True
            fresh += 1
            witness = falsehood(case, claim, deep=claim == problem["goal"])
            if witness is not None:
                hole = Hole(case, claim, witness)
                break
        if len(known) > 400_000:
            known.clear()
        yield len(found or ()), fresh, hole


def certificate_mutant(
    statement: Case, certificate: dict[str, Any], rng: random.Random
) -> tuple[Case, dict[str, Any]]:
    """A certificate for a statement that it was not made for, or a damaged one."""
    fields_ = copy.deepcopy(statement)
    damaged = copy.deepcopy(certificate)
    names = fields_["variables"]
    kind = rng.randrange(5)
    wrapped: Case = {"problem": fields_, "steps": []}
    if kind == 0:
        fields_["goal"] = claim_text(fields_["goal"], rng, names)
    elif kind == 1:
        rng.choice((domain, given))(wrapped, rng)
        fields_ = wrapped["problem"]
    elif kind == 2:
        substitution(wrapped, rng)
        fields_ = wrapped["problem"]
    parts = damaged.get("parts")
    if parts and kind >= 2:
        part = rng.choice(parts)
        keys = [k for k, v in part.items() if isinstance(v, str)]
        if keys:
            key = rng.choice(keys)
            changes = (numbers(part[key], rng), letters(part[key], rng, names), f"-({part[key]})")
            part[key] = rng.choice(changes)
    return fields_, damaged


def certificate_hole(fields_: Case, certificate: dict[str, Any]) -> tuple[bool, Hole | None]:
    """Does the kernel accept, and if so, is the statement false?"""
    try:
        statement = parse_statement(
            fields_["variables"], fields_["domain"], fields_["given"], fields_["goal"]
        )
    except Unreadable:
        return False, None
    if replay(statement, certificate).grade != "proved":
        return False, None
    case = {"problem": fields_, "steps": [certificate]}
    witness = falsehood(case, fields_["goal"], deep=True)
    return True, Hole(case, fields_["goal"], witness) if witness else None
