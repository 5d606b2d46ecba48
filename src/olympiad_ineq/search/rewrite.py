"""Finders that rewrite the inequality: tangents to roots, hypotheses of two degrees."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt

from flint import fmpq

from olympiad_ineq.search.task import NONNEGATIVE, POSITIVE, Certificate, Poly, Task, number_text


def _rational_root(x: fmpq) -> fmpq | None:
    p, q = isqrt(int(x.p)), isqrt(int(x.q))
    return fmpq(p, q) if p * p == x.p and q * q == x.q else None


def _root_of(task: Task, number: fmpq) -> Poly | None:
    """The square root of a positive number as a polynomial: a fraction, times roots of primes that
    the statement itself contains."""
    w = task.world
    root = w.one
    for (inner, degree), gen in w.radicals.items():
        if degree == 2 and inner.isdigit() and _odd(number, int(inner)):
            number, root = number / int(inner), root * gen
    rest = _rational_root(number)
    return None if rest is None else root * rest


def _odd(x: fmpq, prime: int) -> bool:
    """Is the prime's exponent in x odd?"""
    exponents = [m for n in (x.p, x.q) for p, m in n.factor() if p == prime]
    return bool(exponents and exponents[0] % 2)


def tangent(task: Task) -> Certificate | None:
    """c1*sqrt(S1) + ... >= linear, each root bounded below by its tangent plane at a point.

    With l the tangent plane, sqrt(S) >= l as S >= l^2.
    """
    w = task.world
    roots = [w.index[str(g)] for g in w.radicals.values()]
    if not roots or task.depth or len(task.p) > 40:
        return None
    general = {w.index[str(g)] for (inner, _), g in w.radicals.items() if not inner.isdigit()}
    sums: list[tuple[Poly, fmpq]] = []
    for m, c in task.p.terms():
        if any(m[i] for i in general):
            if c < 0 or any(m[i] for i in range(w.spare, len(m))):
                return None
            sums.append((w.ctx.from_dict({m: 1}), fmpq(c)))
    if not 1 <= len(sums) <= 4:
        return None
    squares = [w.reduce(t * t) for t, _ in sums]
    if any(sum(m) != 2 or any(m[: w.spare]) for s in squares for m in s.monoms()):
        return None
    n = len(w.statement.variables)
    for point in ([fmpq(1)] * n, *task.hints):
        found = _tangent_at(task, sums, squares, point)
        if found is not None:
            return found
    return None


def _tangent_at(
    task: Task, sums: list[tuple[Poly, fmpq]], squares: list[Poly], point: list[fmpq]
) -> Certificate | None:
    w = task.world
    values = [fmpq(0)] * w.spare + point
    planes: list[Poly] = []
    for square in squares:
        height = fmpq(square(*values))
        root = _root_of(task, height) if height > 0 else None
        if root is None:
            return None
        slope = w.zero
        for i in range(w.spare, len(values)):
            slope = slope + w.gens[i] * fmpq(square.derivative(i)(*values))
        planes.append(slope * root / (2 * height))
    rest = task.p
    for (t, c), plane in zip(sums, planes, strict=True):
        rest = rest - (t - plane) * c
    rest = w.reduce(rest)
    if rest and w.sign(rest) < NONNEGATIVE:
        return None
    parts: list[dict[str, str]] = []
    for (t, c), square, plane in zip(sums, squares, planes, strict=True):
        gap = w.reduce(square - plane * plane)
        if gap and w.sign(gap) < NONNEGATIVE:
            return None
        parts.append({"plus": task.text(t), "minus": task.text(plane), "weight": number_text(c)})
    if rest:
        parts.append({"nonnegative": task.text(rest)})
    return task.certificate("sum", parts)


def secant(task: Task) -> Certificate | None:
    """rest >= c1*sqrt(S1) + ..., each root bounded above by AM-GM with its value at a point.

    sqrt(S) = (S + h)/(2*sqrt(h)) - (sqrt(S) - sqrt(h))^2/(2*sqrt(h)) for every h > 0.
    """
    w = task.world
    general = {w.index[str(g)] for (inner, _), g in w.radicals.items() if not inner.isdigit()}
    sums = [
        (w.ctx.from_dict({m: 1}), fmpq(c)) for m, c in task.p.terms() if any(m[i] for i in general)
    ]
    if task.depth or not 1 <= len(sums) <= 4 or any(c > 0 for _, c in sums):
        return None
    squares = [w.reduce(t * t) for t, _ in sums]
    if any(any(m[: w.spare]) for s in squares for m in s.monoms()):
        return None
    for point in ([fmpq(1)] * len(w.statement.variables), *task.hints):
        found = _secant_at(task, sums, squares, point)
        if found is not None:
            return found
    return None


def _secant_at(
    task: Task, sums: list[tuple[Poly, fmpq]], squares: list[Poly], point: list[fmpq]
) -> Certificate | None:
    w = task.world
    rest, parts = task.p, list[dict[str, str]]()
    for (t, c), square in zip(sums, squares, strict=True):
        height = fmpq(square(*[fmpq(0)] * w.spare, *point))
        root = _root_of(task, height) if height > 0 else None
        if root is None:
            return None
        weight = root * (-c / (2 * height))
        rest = rest - t * c - weight * (square + height)
        parts.append({"square": task.text(t - root), "weight": task.text(weight)})
    rest = w.reduce(rest)
    if rest and w.sign(rest) < NONNEGATIVE:
        return None
    if rest:
        parts.append({"nonnegative": task.text(rest)})
    return task.certificate("sum", parts)


def two_degrees(task: Task) -> Task | None:
    """p made homogeneous by a hypothesis G = H with G, H > 0 homogeneous of degrees g > h.

    A term that lacks k*(g-h) degrees is multiplied by (G/H)^k = 1, and all by a power of H.
    """
    w = task.world
    if task.depth or w.spare or len(w.ideal) != 1 or not task.p:
        return None
    parts: dict[int, Poly] = {}
    for m, c in w.ideal[0].terms():
        parts[sum(m)] = parts.get(sum(m), w.zero) + w.ctx.from_dict({m: c})
    if len(parts) != 2 or 0 in parts:
        return None
    low, high = sorted(parts)
    small, large = parts[low], -parts[high]
    if w.sign(small) != POSITIVE:
        small, large = -small, -large
    if POSITIVE not in (w.sign(small),) or w.sign(large) != POSITIVE:
        return None
    step = high - low
    top = max(sum(m) for m in task.p.monoms())
    layers: dict[int, Poly] = {}
    for m, c in task.p.terms():
        gap = top - sum(m)
        if gap % step:
            return None
        layers[gap // step] = layers.get(gap // step, w.zero) + w.ctx.from_dict({m: c})
    most = max(layers)
    if most == 0 or most > 4:
        return None
    total = w.zero
    for k, layer in layers.items():
        total = total + layer * large**k * small ** (most - k)
    if len(total) > 80:
        return None
    multiplier = f"({task.text(small)})^{most}" if most > 1 else f"({task.text(small)})"
    if task.multiplier != "1":
        multiplier = f"{task.multiplier}*{multiplier}"
    return replace(task, p=total, multiplier=multiplier, depth=1)
