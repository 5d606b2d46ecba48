"""Statement verdicts per second against the same checks written with sympy.

    python benchmarks/checker_statements.py

The rival samples the same points through `lambdify`, confirms counterexamples in sympy's rationals,
certifies by expanding the cleared numerator in every order of the variables, and, as we do, replays
what it found from the text. Only statements on which both reach the same verdict are timed. `all`
is our rate on the whole mix of classics and mutants, hard ones included.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import sympy  # type: ignore[import-untyped, unused-ignore]
from sympy.parsing.sympy_parser import (  # type: ignore[import-untyped, unused-ignore]
    convert_xor,
    parse_expr,
    standard_transformations,
)

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.common.interleaved import compare
from benchmarks.common.mutants import Fields, false_statements, parts_of, true_statements
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.search.decide import decide
from olympiad_ineq.search.refute import start_points

RULES = (*standard_transformations, convert_xor)


def ours(fields: Fields) -> str:
    """Our verdict, from the text on."""
    statement = parse_statement(
        fields["variables"], fields["domain"], fields["given"], fields["goal"]
    )
    return decide(statement).verdict


def rival(fields: Fields) -> str:
    """The verdict of the same checks in sympy; "open" where they do not decide."""
    verdict = found(fields)
    if verdict == "proved" and found(fields, sample=False) != "proved":
        return "open"
    return verdict


def found(fields: Fields, sample: bool = True) -> str:
    """One pass: sampling (left out when a proof is replayed), then the orders."""
    names = fields["variables"]
    symbols = {name: sympy.Symbol(name) for name in names}
    (left, right), (op,) = (x[:2] for x in parts_of(fields["goal"]))
    sides = [parse_expr(t, local_dict=dict(symbols), transformations=RULES) for t in (left, right)]
    gap = sides[0] - sides[1] if op[0] == ">" else sides[1] - sides[0]
    xs = list(symbols.values())
    points = start_points(len(names), fields["domain"])[:, : None if sample else 0]
    if fields["domain"] == "triangle":
        points = points.sum(axis=0) - points
    with np.errstate(all="ignore"):
        values = np.broadcast_to(sympy.lambdify(xs, gap, "numpy")(*points), points.shape[1:])
    for k in np.argsort(values)[:4]:
        if values[k] > (1e-9 if op in "<>" else 0) or not np.isfinite(values[k]):
            continue
        point = [sympy.Rational(float(v)).limit_denominator(1000) for v in points[:, k]]
        if min(point) <= 0 and fields["domain"] in ("positive", "triangle"):
            continue
        exact = gap.subs(dict(zip(xs, point, strict=True)))
        if exact.is_number and (exact < 0 or (op in "<>" and exact == 0)):
            return "refuted"
    if fields["domain"] == "real":
        return "open"
    top, below = sympy.fraction(sympy.together(gap))
    if any(c <= 0 for c in sympy.Poly(below, *xs).coeffs()):
        return "open"
    ts = sympy.symbols(f"t1:{len(xs) + 1}")
    strict = True
    for order in itertools.permutations(xs):
        sums = {x: sum(ts[: i + 1]) for i, x in enumerate(order)}
        poly = sympy.Poly(sympy.expand(top.subs(sums, simultaneous=True)), *ts)
        if any(c < 0 for c in poly.coeffs()):
            return "open"
        strict = strict and any(not any(m[1:]) for m in poly.monoms())
    return "proved" if strict or op in (">=", "<=") else "open"


def agreed(statements: list[Fields], items: int) -> list[Fields]:
    """The first of them on which both sides decide, alike; half proved, half refuted."""
    groups: dict[str, list[Fields]] = {"proved": [], "refuted": []}
    for fields in statements:
        if "sqrt" in fields["goal"] or "1/3)" in fields["goal"] or fields["given"]:
            continue
        if len(parts_of(fields["goal"])[1]) != 1 or len(fields["variables"]) > 4:
            continue
        verdict = ours(fields)
        if verdict in groups and len(groups[verdict]) < items // 2 and rival(fields) == verdict:
            groups[verdict].append(fields)
        if all(len(f) >= items // 2 for f in groups.values()):
            break
    return [f for pair in zip(*groups.values(), strict=False) for f in pair]


def measure(runs: int = 5, items: int = 60) -> list[dict[str, Any]]:
    """The rates of both, interleaved, and ours on the whole mix."""
    true, false = true_statements(), false_statements()
    mix = [*true, *false]
    random.Random(1).shuffle(mix)
    chosen = agreed(mix, items)
    result = compare(
        "checker-statements", f"sympy {sympy.__version__}",
        lambda: [ours(f) for f in chosen], lambda: [rival(f) for f in chosen],
        len(chosen), runs, "statements/s/core",
    )  # fmt: skip
    started = time.process_time()
    for fields in mix:
        ours(fields)
    result["all"] = round(len(mix) / (time.process_time() - started), 1)
    result["all_items"] = len(mix)
    return [result]


if __name__ == "__main__":
    print(json.dumps(measure()[0]))
