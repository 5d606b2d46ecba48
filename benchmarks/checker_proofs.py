"""Proof verdicts per second against the same step checks written with sympy.

    python benchmarks/checker_proofs.py

The rival parses each claim, builds the lemma's instance, and tests by expanding the cleared
numerator whether it is the claim up to a positive constant; signs are read off coefficients; what
is not proved is tried at the sample points of the kernel. Only proofs to which both give the same
grade are timed. `all` is our rate on the whole mix.
"""

from __future__ import annotations

import copy
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import sympy  # type: ignore[import-untyped, unused-ignore]
from sympy.parsing.sympy_parser import (  # type: ignore[import-untyped, unused-ignore]
    convert_xor,
    parse_expr,
    standard_transformations,
)

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.common.interleaved import compare  # noqa: E402
from benchmarks.common.mutants import parts_of  # noqa: E402
from olympiad_ineq.data_gen.symbolic import generate  # noqa: E402
from olympiad_ineq.language.parse import Unreadable, parse_statement  # noqa: E402
from olympiad_ineq.proof import check_proof  # noqa: E402
from olympiad_ineq.proof.points import sample  # noqa: E402

RULES = (*standard_transformations, convert_xor)
Case = dict[str, Any]


def ours(case: Case) -> str:
    """Our kernel's grade."""
    p = case["problem"]
    try:
        statement = parse_statement(p["variables"], p["domain"], p["given"], p["goal"])
    except Unreadable:
        return "unreadable"
    return check_proof(statement, case["steps"]).grade


class Rival:
    """The same rules on sympy expressions."""

    def __init__(self, case: Case) -> None:
        self.case, problem = case, case["problem"]
        self.names = {v: sympy.Symbol(v) for v in problem["variables"]}
        self.positive = problem["domain"] in ("positive", "triangle")
        self.facts: dict[str, Any] = {}

    def read(self, text: str) -> Any:
        return parse_expr(text, local_dict=dict(self.names), transformations=RULES)

    def difference(self, claim: str) -> Any:
        (left, right), (op,) = (x[:2] for x in parts_of(claim))
        gap = self.read(left) - self.read(right)
        below = sympy.Poly(sympy.fraction(sympy.together(gap))[1], *self.names.values())
        if not self.defined(below):
            raise ValueError("a denominator that may vanish")
        return gap if op[0] == ">" else -gap

    def defined(self, below: Any) -> bool:
        """Is the denominator positive by its coefficients? The kernel asks this of every claim."""
        if below.is_ground:
            return True
        return self.positive and all(c > 0 for c in below.coeffs())

    def numerator(self, expr: Any) -> Any:
        return sympy.expand(sympy.fraction(sympy.together(expr))[0])

    def same(self, one: Any, two: Any) -> bool:
        """one = r*two with a number r > 0."""
        p, q = sympy.fraction(sympy.together(one)), sympy.fraction(sympy.together(two))
        left, right = sympy.expand(p[0] * q[1]), sympy.expand(q[0] * p[1])
        if left == right:
            return True
        if left == 0 or right == 0:
            return False
        xs = list(self.names.values())
        ratio = sympy.Poly(left, *xs).LC() / sympy.Poly(right, *xs).LC()
        return bool(ratio > 0) and sympy.expand(left - ratio * right) == 0

    def nonnegative(self, expr: Any) -> bool:
        top, below = sympy.fraction(sympy.together(expr))
        for part in (top, below):
            poly = sympy.Poly(sympy.expand(part), *self.names.values())
            for m, c in poly.terms():
                if c < 0 or (not self.positive and any(e % 2 for e in m)):
                    return False
        return True

    def amgm(self, step: Case, claim: Any) -> bool:
        terms = [self.read(t) for t in step["terms"]]
        weights = [sympy.Rational(str(w)) for w in step.get("weights", [1] * len(terms))]
        scale = math.lcm(*(int(w.q) for w in weights))
        counts = [int(w * scale) for w in weights]
        whole = sum(counts)
        if not all(self.nonnegative(t) for t in terms):
            return False
        left = sum(n * t for n, t in zip(counts, terms, strict=True))
        product = math.prod((t**n for n, t in zip(counts, terms, strict=True)), start=sympy.S(1))
        for factor in {1, whole, scale}:
            root = (left - factor * claim) / whole
            if self.numerator(root**whole - product) == 0:
                return True
        root = sympy.powdenest(sympy.root(sympy.factor(product), whole), force=True)
        return self.same(left - whole * root, claim)

    def yields(self, step: Case, claim: Any) -> bool:
        rule = step["by"]
        if rule == "amgm":
            return self.amgm(step, claim)
        if rule == "cauchy":
            xs, ys = ([self.read(t) for t in step[k]] for k in ("x", "y"))
            inner = sum(x * y for x, y in zip(xs, ys, strict=True))
            squares = sum(x**2 for x in xs) * sum(y**2 for y in ys)
            return self.same(squares - inner**2, claim)
        if rule == "titu":
            xs, ys = ([self.read(t) for t in step[k]] for k in ("nums", "dens"))
            if not all(self.nonnegative(y) for y in ys):
                return False
            parts = sum(x**2 / y for x, y in zip(xs, ys, strict=True))
            return self.same(parts - sum(xs) ** 2 / sum(ys), claim)
        if rule == "square":
            raw = step["expr"]
            exprs = [self.read(t) for t in ([raw] if isinstance(raw, str) else raw)]
            weights = [sympy.Rational(str(w)) for w in step.get("weights", [1] * len(exprs))]
            total = sum(w * e**2 for w, e in zip(weights, exprs, strict=True))
            return min(weights) >= 0 and self.same(total, claim)
        if rule == "positive":
            return self.nonnegative(claim)
        if rule == "combine":
            names = [step["of"]] if isinstance(step["of"], str) else step["of"]
            weights = [sympy.Rational(str(w)) for w in step.get("weights", [1] * len(names))]
            total = sum(w * self.facts[n] for n, w in zip(names, weights, strict=True))
            return min(weights) >= 0 and self.same(total, claim)
        if rule == "scale":
            name = step["of"] if isinstance(step["of"], str) else step["of"][0]
            expr = self.read(step["expr"])
            return self.nonnegative(expr) and self.same(expr * self.facts[name], claim)
        if rule == "cyclic":
            name = step["of"] if isinstance(step["of"], str) else step["of"][0]
            xs = list(self.names.values())
            for i in range(1, len(xs)):
                image = dict(zip(xs, xs[i:] + xs[:i], strict=True))
                if self.same(self.facts[name].subs(image, simultaneous=True), claim):
                    return True
        return False

    def fails(self, claim: Any) -> bool:
        """Is the claim false at one of the kernel's sample points?"""
        p = self.case["problem"]
        statement = parse_statement(p["variables"], p["domain"], p["given"], p["goal"])
        for point in sample(statement):
            exact = {self.names[v]: sympy.Rational(str(x)) for v, x in point.items()}
            value = claim.subs(exact)
            if not value.is_finite or value < 0:
                return True
        return False

    def grade(self) -> str:
        grade = "proved"
        for step in self.case["steps"]:
            claim = self.difference(step["claim"])
            if not self.yields(step, claim):
                if self.fails(claim):
                    grade = "refuted"
                elif grade == "proved":
                    grade = "open"
            self.facts[step["id"]] = claim
        goal = self.difference(self.case["problem"]["goal"])
        if not any(self.same(fact, goal) for fact in reversed(self.facts.values())):
            grade = "open" if grade == "proved" else grade
        if grade != "proved" and self.fails(goal):
            grade = "refuted"
        return grade


def rival(case: Case) -> str:
    """The sympy checker's grade."""
    try:
        return Rival(case).grade()
    except (KeyError, ValueError, TypeError, sympy.PolynomialError):
        return "unreadable"


def cases(items: int) -> list[Case]:
    """Hand-written and generated proofs, and each with a constant of its goal spoiled."""
    path = ROOT / "tests" / "proof" / "good_proofs.json"
    found: list[Case] = json.loads(path.read_text(encoding="utf-8"))
    techniques = ("amgm", "weighted_amgm", "cauchy", "sos")
    for draft in generate(techniques, (2, 3), (1, 2, 3, 4), items, 1):
        problem = {
            "variables": list(draft.variables), "domain": draft.domain,
            "given": list(draft.given), "goal": draft.goal,
        }  # fmt: skip
        found.append({"problem": problem, "steps": list(draft.steps)})
    spoiled = []
    for case in found:
        bad = copy.deepcopy(case)
        last = bad["steps"][-1]
        pieces = parts_of(last["claim"])
        if len(pieces[1]) == 1 and ">" in pieces[1][0]:
            last["claim"] = f"{pieces[0][0]} >= ({pieces[0][1]})+1/1000"
            bad["problem"]["goal"] = last["claim"]
            spoiled.append(bad)
    mix = [*found, *spoiled]
    random.Random(1).shuffle(mix)
    return mix


def measure(runs: int = 5, items: int = 60) -> list[dict[str, Any]]:
    """The rates of both, interleaved, and ours on the whole mix."""
    mix = cases(max(200, items))
    chosen: list[Case] = []
    for case in mix:
        plain = not case["problem"]["given"] and "sqrt" not in json.dumps(case)
        if plain and "1/3)" not in json.dumps(case) and ours(case) == rival(case):
            chosen.append(case)
        if len(chosen) >= items:
            break
    result = compare(
        "checker-proofs", f"sympy {sympy.__version__}",
        lambda: [ours(c) for c in chosen], lambda: [rival(c) for c in chosen],
        len(chosen), runs, "proofs/s/core",
    )  # fmt: skip
    good = [c for c in mix if ours(c) == "proved"]
    started = time.process_time()
    for case in good:
        ours(case)
    result["all_proved"] = round(len(good) / (time.process_time() - started), 1)
    result["all_proved_items"] = len(good)
    started = time.process_time()
    for case in mix:
        ours(case)
    result["all"] = round(len(mix) / (time.process_time() - started), 1)
    result["all_items"] = len(mix)
    result["timed_as_proved"] = sum(ours(c) == "proved" for c in chosen)
    return [result]


if __name__ == "__main__":
    print(json.dumps(measure()[0]))
