"""Monomials and short sums of them, exact, and how they are written in the kernel's syntax.

The templates build what they print from these, so that a goal reads as a person would write it
(`2*a^3/b`, terms in the order of the proof) instead of as an expanded normal form. Exponents may
be negative. Nothing here is trusted: the kernel reads the printed strings afresh.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from math import gcd, isqrt

Exps = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mono:
    """A coefficient times a product of integer powers of the variables."""

    coef: Fraction
    exps: Exps

    def __mul__(self, other: "Mono") -> "Mono":
        return Mono(self.coef * other.coef, add(self.exps, other.exps))

    def __truediv__(self, other: "Mono") -> "Mono":
        return Mono(self.coef / other.coef, subtract(self.exps, other.exps))

    def __pow__(self, power: int) -> "Mono":
        return Mono(self.coef**power, tuple(power * e for e in self.exps))

    def __neg__(self) -> "Mono":
        return Mono(-self.coef, self.exps)

    def times(self, number: int | Fraction) -> "Mono":
        return Mono(self.coef * number, self.exps)

    def root(self, index: int) -> "Mono | None":
        """The exact `index`-th root, where coefficient and exponents have one."""
        if any(e % index for e in self.exps):
            return None
        top, bottom = iroot(self.coef.numerator, index), iroot(self.coef.denominator, index)
        if top is None or bottom is None:
            return None
        return Mono(Fraction(top, bottom), tuple(e // index for e in self.exps))

    @property
    def degree(self) -> int:
        return sum(self.exps)

    @property
    def is_number(self) -> bool:
        return not any(self.exps)


Terms = list[Mono]


def mono(coef: int | Fraction, exps: Iterable[int]) -> Mono:
    return Mono(Fraction(coef), tuple(exps))


def number(value: int | Fraction, n: int) -> Mono:
    return Mono(Fraction(value), (0,) * n)


def variable(index: int, n: int, coef: int | Fraction = 1, power: int = 1) -> Mono:
    return Mono(Fraction(coef), tuple(power if i == index else 0 for i in range(n)))


def add(left: Exps, right: Exps) -> Exps:
    return tuple(a + b for a, b in zip(left, right, strict=True))


def subtract(left: Exps, right: Exps) -> Exps:
    return tuple(a - b for a, b in zip(left, right, strict=True))


def iroot(value: int, index: int) -> int | None:
    """The exact non-negative integer root, or None."""
    if value < 0:
        return None
    if index == 2:
        root = isqrt(value)
    else:
        root = round(value ** (1.0 / index))
        root = next((r for r in (root - 1, root, root + 1) if r >= 0 and r**index == value), -1)
    return root if root >= 0 and root**index == value else None


def collect(terms: Iterable[Mono]) -> Terms:
    """Merge like terms in the order of first appearance; drop those that vanish."""
    sums: dict[Exps, Fraction] = {}
    for term in terms:
        sums[term.exps] = sums.get(term.exps, Fraction(0)) + term.coef
    return [Mono(c, e) for e, c in sums.items() if c]


def product(left: Sequence[Mono], right: Sequence[Mono]) -> Terms:
    return collect(a * b for a in left for b in right)


def primitive(*sides: Sequence[Mono]) -> list[Terms]:
    """Divide all sides by the same positive rational so that coefficients are coprime integers."""
    coefs = [t.coef for side in sides for t in side]
    top, bottom = 0, 1
    for coef in coefs:
        bottom = bottom * coef.denominator // gcd(bottom, coef.denominator)
    for coef in coefs:
        top = gcd(top, int(coef * bottom))
    factor = Fraction(bottom, top or 1)
    return [[t.times(factor) for t in side] for side in sides]


def shift(exps: Exps, by: int) -> Exps:
    """Exponents after the cyclic substitution a → b → c → … → a, applied `by` times."""
    n = len(exps)
    return tuple(exps[(i - by) % n] for i in range(n))


def shifted(term: Mono, by: int) -> Mono:
    return Mono(term.coef, shift(term.exps, by))


def cyclic_sum(terms: Sequence[Mono]) -> Terms:
    """The sum of all cyclic shifts, like terms merged; each orbit starts where a reader would."""
    n = len(terms[0].exps)
    orbits = []
    for term in terms:
        orbit = [shifted(term, by) for by in range(n)]
        start = min(range(n), key=lambda i: reading(orbit[i]))
        orbits.extend(orbit[start:] + orbit[:start])
    return collect(orbits)


def reading(term: Mono) -> tuple[bool, Exps]:
    """Sort key of a term within a sum: numbers last, otherwise as in a dictionary."""
    return term.is_number, tuple(-e for e in term.exps)


# -- writing -----------------------------------------------------------------------------------


def power(base: str, exponent: int) -> str:
    return base if exponent == 1 else f"{base}^{exponent}"


def show(term: Mono, names: Sequence[str]) -> str:
    """`3*a^2/(2*b)`: one fraction bar, no factor 1."""
    above = [power(v, e) for v, e in zip(names, term.exps, strict=True) if e > 0]
    below = [power(v, -e) for v, e in zip(names, term.exps, strict=True) if e < 0]
    top, bottom = abs(term.coef.numerator), term.coef.denominator
    if top != 1 or not above:
        above.insert(0, str(top))
    if bottom != 1:
        below.insert(0, str(bottom))
    text = "*".join(above)
    if len(below) == 1:
        text += f"/{below[0]}"
    elif below:
        text += f"/({'*'.join(below)})"
    return f"-{text}" if term.coef < 0 else text


def show_sum(terms: Sequence[Mono], names: Sequence[str]) -> str:
    """Terms in the order given, with `+` and `-` between them."""
    if not terms:
        return "0"
    out = show(terms[0], names)
    for term in terms[1:]:
        out += f"-{show(-term, names)}" if term.coef < 0 else f"+{show(term, names)}"
    return out


def factor(terms: Sequence[Mono], names: Sequence[str]) -> str:
    """A sum as a factor of a product: in brackets where it has more than one term."""
    text = show_sum(terms, names)
    return f"({text})" if len(terms) > 1 or text.startswith("-") or "/" in text else text


def over(top: Sequence[Mono], bottom: Sequence[Mono], names: Sequence[str]) -> str:
    """`top/bottom`, bracketed as needed; no bar where the bottom is 1."""
    below = show_sum(bottom, names)
    if below == "1":
        return show_sum(top, names)
    above = show_sum(top, names)
    if len(top) > 1 or "/" in above:
        above = f"({above})"
    if len(bottom) > 1 or "*" in below or "/" in below:
        below = f"({below})"
    return f"{above}/{below}"


def squared(terms: Sequence[Mono], names: Sequence[str]) -> str:
    """`terms^2`: multiplied out for a single term, bracketed otherwise."""
    if len(terms) == 1:
        return show(terms[0] ** 2, names)
    return f"({show_sum(terms, names)})^2"


def ordered(terms: Sequence[Mono]) -> Terms:
    """Terms by falling degree, then as in a dictionary: the order for expanded polynomials."""
    return sorted(terms, key=lambda t: (-t.degree, tuple(-e for e in t.exps)))


# -- structure ---------------------------------------------------------------------------------

LETTERS = "abcd"


def strip(vectors: Iterable[Exps]) -> list[Exps]:
    """Exponent vectors of a sum with the common monomial taken out."""
    rows = list(vectors)
    low = [min(column) for column in zip(*rows, strict=True)]
    return [tuple(e - m for e, m in zip(row, low, strict=True)) for row in rows]


def letters(exps: Exps) -> str:
    text = "".join(power(v, e).replace("^", "") for v, e in zip(LETTERS, exps, strict=False) if e)
    return text or "1"


Block = tuple[str, tuple[tuple[int, Exps], ...]]


def pattern(blocks: Sequence[tuple[str, Sequence[tuple[int, Exps]]]], invert: bool = False) -> str:
    """A name for a structure, the same after any renaming of its variables.

    A block is a tag and its vectors, each with a weight; blocks and the vectors in each are
    unordered. `invert` also makes x → 1/x indifferent and takes out common monomials.
    """
    n = len(blocks[0][1][0][1])
    best: tuple[Block, ...] | None = None
    for sign in (1, -1) if invert else (1,):
        turned = []
        for tag, rows in blocks:
            vectors = [tuple(sign * e for e in exps) for _, exps in rows]
            if invert:
                vectors = strip(vectors)
            turned.append((tag, [(w, v) for (w, _), v in zip(rows, vectors, strict=True)]))
        for order in permutations(range(n)):
            key = tuple(
                sorted(
                    (tag, tuple(sorted((w, tuple(v[i] for i in order)) for w, v in rows)))
                    for tag, rows in turned
                )
            )
            if best is None or key < best:
                best = key
    assert best is not None
    return " & ".join(
        tag + "+".join((str(w) if w != 1 else "") + letters(v) for w, v in rows)
        for tag, rows in best
    )


def used(vectors: Iterable[Exps]) -> set[int]:
    """Indices of the variables that occur."""
    return {i for exps in vectors for i, e in enumerate(exps) if e}


def boxes(n: int, top: int) -> Iterator[Exps]:
    """All exponent vectors of length n with entries 0..top."""
    if n == 0:
        yield ()
        return
    for rest in boxes(n - 1, top):
        for e in range(top + 1):
            yield (*rest, e)
