"""Fast floating-point evaluation of kernel expressions at many points at once.

An expression becomes a straight-line program with shared subexpressions; each instruction is one
numpy operation over all points. Nothing here decides anything: what it finds, the kernel checks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from olympiad_ineq.kernel.trees import Add, Div, Expr, Mul, Neg, Num, Pow, Root, Var

Array = NDArray[np.float64]
_CONST, _VAR, _ADD, _MUL, _NEG, _DIV, _POW, _ROOT = range(8)
_Key = tuple[int, int, int] | tuple[int, float, int]


def terms(expr: Expr, sign: int = 1) -> list[tuple[int, Expr]]:
    """The signed summands of an expression, through nested sums and minus signs."""
    match expr:
        case Add(args):
            return [t for x in args for t in terms(x, sign)]
        case Neg(arg):
            return terms(arg, -sign)
        case _:
            return [(sign, expr)]


class Program:
    """Several expressions in the same variables, compiled once."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.index = {name: i for i, name in enumerate(variables)}
        self.code: list[_Key] = []
        self.slots: dict[_Key, int] = {}

    def emit(self, key: _Key) -> int:
        slot = self.slots.get(key)
        if slot is None:
            slot = self.slots[key] = len(self.code)
            self.code.append(key)
        return slot

    def add(self, expr: Expr) -> int:
        """Compile an expression; the number returned is its place in what `run` returns."""
        match expr:
            case Num(number):
                return self.emit((_CONST, int(number.p) / int(number.q), 0))
            case Var(name):
                return self.emit((_VAR, self.index[name], 0))
            case Add(args):
                slot = self.add(args[0])
                for x in args[1:]:
                    slot = self.emit((_ADD, slot, self.add(x)))
                return slot
            case Mul(args):
                slot = self.add(args[0])
                for x in args[1:]:
                    slot = self.emit((_MUL, slot, self.add(x)))
                return slot
            case Neg(arg):
                return self.emit((_NEG, self.add(arg), 0))
            case Div(num, den):
                return self.emit((_DIV, self.add(num), self.add(den)))
            case Pow(base, exponent):
                slot = self.power(self.add(base), abs(exponent))
                if exponent < 0:
                    slot = self.emit((_DIV, self.emit((_CONST, 1.0, 0)), slot))
                return slot
            case Root(arg, degree):
                return self.emit((_ROOT, self.add(arg), degree))

    def power(self, slot: int, n: int) -> int:
        """A power by repeated squaring: numpy's own power is ten times as slow."""
        if n == 1:
            return slot
        half = self.power(slot, n // 2)
        square = self.emit((_MUL, half, half))
        return self.emit((_MUL, square, slot)) if n % 2 else square

    def run(self, points: Array) -> list[Array]:
        """The values of all instructions at points[:, k]; nan where there is no value."""
        values: list[Array] = []
        append = values.append
        for op, a, b in self.code:
            if op == _MUL:
                append(values[a] * values[b])  # type: ignore[index]
            elif op == _ADD:
                append(values[a] + values[b])  # type: ignore[index]
            elif op == _DIV:
                append(values[a] / values[b])  # type: ignore[index]
            elif op == _NEG:
                append(-values[a])  # type: ignore[index]
            elif op == _VAR:
                append(points[a])  # type: ignore[index]
            elif op == _CONST:
                append(np.float64(a))  # type: ignore[arg-type]
            elif b == 2:
                append(np.sqrt(values[a]))  # type: ignore[index]
            else:
                x = values[a]  # type: ignore[index]
                append(np.power(np.where(x < 0, np.nan, x), 1.0 / b))
        return values

    def sizes(self, values: Sequence[Array]) -> list[Array]:
        """What each instruction's value would be if nothing under it cancelled.

        A value that is small beside its size is nearly a zero: (3*x-7)^2 near x = 7/3.
        """
        sizes: list[Array] = []
        append = sizes.append
        for slot, (op, a, b) in enumerate(self.code):
            if op == _MUL:
                append(sizes[a] * sizes[b])  # type: ignore[index]
            elif op == _ADD:
                append(sizes[a] + sizes[b])  # type: ignore[index]
            elif op == _DIV:
                append(sizes[a] / np.abs(values[b]))  # type: ignore[index]
            elif op == _NEG:
                append(sizes[a])  # type: ignore[index]
            elif op == _ROOT:
                append(np.power(sizes[a], 1.0 / b))  # type: ignore[index]
            else:
                append(np.abs(values[slot]))
        return sizes
