"""Semantic mutants of proved proofs: whatever the kernel still accepts must be true.

    python tests/proof/fuzz.py --mutants 20000 --seed 1

Every accepted statement and every accepted claim is tried at exact rational points by an evaluator
of its own (Fractions, none of the kernel's arithmetic); a failure prints the mutant and exits 1.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import random
import re
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from olympiad_ineq.kernel.trees import (
    Add,
    Chain,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Root,
    Statement,
    Var,
)
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_statement
from olympiad_ineq.proof import check_proof

PROOFS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "good_proofs.json").read_text(encoding="utf-8")
)
DOMAINS = ("positive", "nonnegative", "real", "triangle")


class NoValue(ArithmeticError):
    """Undefined at the point, or not rational."""


def evaluate(expr: Expr, point: dict[str, Fraction]) -> Fraction:
    """The value by Python's fractions; independent of the kernel's arithmetic."""
    match expr:
        case Num(value):
            return Fraction(int(value.p), int(value.q))
        case Var(name):
            return point[name]
        case Add(args):
            return sum((evaluate(x, point) for x in args), Fraction(0))
        case Mul(args):
            return math.prod((evaluate(x, point) for x in args), start=Fraction(1))
        case Neg(arg):
            return -evaluate(arg, point)
        case Div(num, den):
            below = evaluate(den, point)
            if below == 0:
                raise NoValue
            return evaluate(num, point) / below
        case Pow(base, exponent):
            value = evaluate(base, point)
            if value == 0 and exponent < 0:
                raise NoValue
            return value**exponent
        case Root(arg, degree):
            value = evaluate(arg, point)
            if value < 0:
                raise NoValue
            parts = [round(n ** (1 / degree)) for n in value.as_integer_ratio()]
            if Fraction(parts[0], parts[1]) ** degree != value:
                raise NoValue
            return Fraction(parts[0], parts[1])


def holds(chain: Chain, point: dict[str, Fraction]) -> bool:
    values = [evaluate(part, point) for part in chain.parts]
    compare = {">=": "__ge__", "<=": "__le__", ">": "__gt__", "<": "__lt__", "=": "__eq__"}
    return all(
        getattr(x, compare[op])(y) for op, x, y in zip(chain.ops, values, values[1:], strict=False)
    )


def _number(rng: random.Random) -> Fraction:
    kind = rng.random()
    if kind < 0.3:
        return Fraction(rng.randint(1, 6))
    if kind < 0.5:
        return Fraction(rng.randint(1, 6)) ** 2  # roots come out rational
    if kind < 0.7:
        return 1 + Fraction(rng.randint(-9, 9), 100)
    if kind < 0.85:
        return Fraction(rng.randint(1, 30), rng.randint(1, 30))
    return Fraction(10) ** rng.randint(-3, 3)


def points(statement: Statement, rng: random.Random, count: int) -> list[dict[str, Fraction]]:
    """Random points of the domain on the hypotheses (a variable is solved for where linear)."""
    found: list[dict[str, Fraction]] = []
    names = list(statement.variables)
    for _ in range(count * 3):
        xs = [_number(rng) for _ in names]
        if rng.random() < 0.3:
            xs = [xs[0]] * len(xs)
        if statement.domain == "real":
            xs = [-x if rng.random() < 0.4 else x for x in xs]
        if statement.domain in ("real", "nonnegative"):
            xs = [Fraction(0) if rng.random() < 0.1 else x for x in xs]
        point = dict(zip(names, xs, strict=True))
        try:
            for given in statement.given:
                if given.ops == ("=",):
                    _solve(given, point, rng.choice(names))
            if _allowed(statement, point):
                found.append(point)
        except NoValue:
            continue
        if len(found) >= count:
            break
    return found


def _solve(given: Chain, point: dict[str, Fraction], name: str) -> None:
    def defect(x: int) -> Fraction:
        at = {**point, name: Fraction(x)}
        return evaluate(given.parts[0], at) - evaluate(given.parts[1], at)

    if defect(3) - 2 * defect(2) + defect(1) == 0 and defect(2) != defect(1):
        point[name] = 1 - defect(1) / (defect(2) - defect(1))


def _allowed(statement: Statement, point: dict[str, Fraction]) -> bool:
    values = list(point.values())
    inside = {
        "positive": all(x > 0 for x in values),
        "nonnegative": all(x >= 0 for x in values),
        "real": True,
        "triangle": all(x > 0 and 2 * x < sum(values) for x in values),
    }[statement.domain]
    return inside and all(holds(given, point) for given in statement.given)


def false_at(
    chain: Chain, statement: Statement, rng: random.Random, count: int = 25
) -> dict[str, Fraction] | None:
    """A point that refutes the chain on the statement's domain, if one is met."""
    for point in points(statement, rng, count):
        try:
            if not holds(chain, point):
                return point
        except NoValue:
            if not any("sqrt" in t or "^(1/" in t for t in (chain.text,)):
                return point
    return None


def _mutate_text(text: str, rng: random.Random, names: list[str]) -> str:
    kind = rng.randrange(7)
    if kind == 0:
        spots = list(re.finditer(r"\d+", text))
        if spots:
            spot = rng.choice(spots)
            number = max(0, int(spot[0]) + rng.choice([-2, -1, 1, 2]))
            return text[: spot.start()] + str(number) + text[spot.end() :]
    if kind == 1:
        spots = list(re.finditer(r"(?<![A-Za-z_])[a-dxy](?:_\d)?(?![A-Za-z])", text))
        if spots:
            spot = rng.choice(spots)
            return text[: spot.start()] + rng.choice(names) + text[spot.end() :]
    if kind == 2:
        for old, new in ((">=", "<="), (">=", ">"), (">", "<"), ("=", ">=")):
            if f" {old} " in text and rng.random() < 0.5:
                return text.replace(f" {old} ", f" {new} ", 1)
    if kind == 3:
        spots = list(re.finditer(r"(?<!\^)[+-]", text))
        if spots:
            spot = rng.choice(spots)
            other = "-" if spot[0] == "+" else "+"
            return text[: spot.start()] + other + text[spot.end() :]
    if kind == 4 and " >= " in text:
        left, right = text.split(" >= ", 1)
        return f"{left} >= {right}+{rng.choice(['1', '1/1000', *names])}"
    if kind == 5 and " >= " in text:
        left, right = text.split(" >= ", 1)
        return f"{left} >= {rng.choice(['2', '1.001', '-1', *names])}*({right})"
    if kind == 6 and rng.random() < 0.5:
        a, b = rng.choice(names), rng.choice(names)
        return re.sub(rf"(?<![A-Za-z_]){a}(?![A-Za-z_])", f"({a}{rng.choice('+-')}{b})", text)
    return text


def mutate(case: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One to three random changes: of claims, goal, arguments, domain, hypotheses, citations."""
    new = copy.deepcopy(case)
    problem, names = new["problem"], list(new["problem"]["variables"])
    for _ in range(rng.randint(1, 3)):
        kind = rng.random()
        step = rng.choice(new["steps"])
        if kind < 0.25:
            step["claim"] = _mutate_text(step["claim"], rng, names)
        elif kind < 0.40:  # the goal and the last claim move together
            problem["goal"] = _mutate_text(problem["goal"], rng, names)
            if rng.random() < 0.7:
                new["steps"][-1]["claim"] = problem["goal"]
        elif kind < 0.55:
            problem["domain"] = rng.choice(DOMAINS if len(names) == 3 else DOMAINS[:3])
        elif kind < 0.65:
            given = problem["given"]
            if given and rng.random() < 0.6:
                i = rng.randrange(len(given))
                given[i] = _mutate_text(given[i], rng, names)
            elif given:
                given.pop()
            else:
                given.append(rng.choice([f"{names[0]} = 1", f"{'+'.join(names)} = 1",
                                         f"{names[0]} >= {names[-1]}"]))  # fmt: skip
        elif kind < 0.85:
            keys = [k for k in ("terms", "x", "y", "nums", "dens", "expr") if k in step]
            if keys:
                key = rng.choice(keys)
                if isinstance(step[key], list):
                    i = rng.randrange(len(step[key]))
                    step[key][i] = _mutate_text(step[key][i], rng, names)
                else:
                    step[key] = _mutate_text(step[key], rng, names)
        elif kind < 0.95:
            step["weights"] = [rng.choice([1, 2, 3, "1/2", -1]) for _ in range(rng.randint(1, 4))]
        else:
            step["by"] = rng.choice(["positive", "identity", "combine", "multiply", "scale"])
    return new


def run(mutants: int, seed: int, quiet: bool = True) -> tuple[int, list[dict[str, Any]]]:
    """How many mutants were accepted, and those whose accepted claims are false."""
    rng = random.Random(seed)
    accepted, broken = 0, []
    for _ in range(mutants):
        case = mutate(rng.choice(PROOFS), rng)
        problem = case["problem"]
        try:
            statement = parse_statement(
                problem["variables"], problem["domain"], problem["given"], problem["goal"]
            )
        except Unreadable:
            continue
        verdict = check_proof(statement, case["steps"])
        claims = [
            parse_chain(step["claim"], statement.variables)
            for step, v in zip(case["steps"], verdict.steps, strict=False)
            if v.grade in ("proved", "supported")
        ]
        if verdict.grade == "proved":
            accepted += 1
            claims.append(statement.goal)
        for claim in claims:
            point = false_at(claim, statement, rng)
            if point is not None:
                case["false"] = {"claim": claim.text, "at": {k: str(x) for k, x in point.items()}}
                broken.append(case)
                if not quiet:
                    print(json.dumps(case), flush=True)
                break
    return accepted, broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    accepted, broken = run(options.mutants, options.seed, quiet=False)
    seconds = time.perf_counter() - start
    print(
        f"seed {options.seed}: {options.mutants} mutants in {seconds:.0f} s, "
        f"{accepted} accepted, {len(broken)} of them false"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
