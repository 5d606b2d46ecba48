"""Expressions as exact quotients of polynomials over one statement's domain and hypotheses.

A `World` is the set of allowed points: the values of the variables in the domain that satisfy the
hypotheses. Every `Frac` it hands out is defined and equal to its expression at every allowed
point: each denominator was *shown* to be positive there, each radicand non-negative. Roots become
extra non-negative variables t with t^d = radicand. Equations (hypotheses, roots) form the ideal;
two quotients are equal on the world if their difference reduces to zero modulo the ideal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from functools import reduce as fold
from typing import NamedTuple, TypeAlias

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpz

from .trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Root, Statement, Var

Poly: TypeAlias = fmpq_mpoly
MAX_DEGREE, MAX_BITS, MAX_WORK, MAX_ROOT_BITS, SPARE = 96, 4096, 3_000_000, 64, 12
UNKNOWN, NONNEGATIVE, POSITIVE = 0, 1, 2
_OWN = {"positive": POSITIVE, "triangle": POSITIVE, "nonnegative": NONNEGATIVE, "real": UNKNOWN}


class Limit(Exception):
    """The exact computation would be larger than is allowed."""


class IllPosed(Exception):
    """An expression that is not shown to be defined on the whole domain."""


class Frac(NamedTuple):
    """num / den, where den is a product of powers of polynomials shown to be positive."""

    num: Poly
    den: dict[str, int]


@dataclass(frozen=True, slots=True)
class Fact:
    """``lhs op rhs`` with op one of >=, >, = (never <=, <), and the difference lhs - rhs."""

    lhs: Frac
    rhs: Frac
    diff: Frac
    op: str


Values: TypeAlias = Mapping[str, Frac]


class World:
    """The allowed points of a statement, and what is shown about polynomials on them.

    With `roots` up to SPARE different roots may occur; without, none.
    """

    def __init__(self, statement: Statement, roots: bool = False) -> None:
        self.statement, self.work = statement, 0
        self.spare = SPARE if roots else 0
        names = [f"root{i}" for i in range(self.spare, 0, -1)] + list(statement.variables)
        self.ctx = fmpq_mpoly_ctx.get(tuple(names), Ordering.lex)
        self.gens, self.names = self.ctx.gens(), names
        self.signs = [UNKNOWN] * self.spare + [_OWN[statement.domain]] * len(statement.variables)
        self.index = {name: i for i, name in enumerate(names)}
        self.zero, self.one = self.ctx.constant(0), self.ctx.constant(1)
        self.factors: dict[str, Poly] = {}
        self.inverses: dict[str, Frac] = {}
        self.known: dict[str, int] = {}
        self.radicals: dict[tuple[str, int], Poly] = {}
        self.ideal: list[Poly] = []
        self.units: list[tuple[Poly, int]] = []
        self.given: list[Fact] = []
        for chain in statement.given:
            for fact in self.links(chain):
                self.given.append(fact)
                if fact.op == "=":
                    self._impose(fact.diff.num)
        for fact in self.given * (1 + len(statement.variables)):  # a >= b, b >= c, c > 0
            self._bound(fact)
        self.known.clear()

    @cached_property
    def goal(self) -> list[Fact]:
        """The links of the statement's goal."""
        return self.links(self.statement.goal)

    # -- building ------------------------------------------------------------------------------

    def _impose(self, p: Poly) -> None:
        """Add p = 0 to the ideal, and remember G/k = 1 where it reads (homogeneous G) = k.

        Where p = q*r with r > 0 (or r < 0) on the domain, p = 0 is the same as q = 0.
        """
        constant = fmpq(p.to_dict().get((0,) * len(self.names), 0))
        rest = p - constant
        if rest and constant != 0 and len({sum(m) for m in rest.monoms()}) == 1:
            self.units.append((rest / -constant, int(rest.total_degree())))
        todo = [p]
        for _ in range(20):
            p = self.reduce(todo.pop()) if todo else self.zero
            for q, m in self.split(p)[1] if len(p) > 1 else ():
                if POSITIVE in (self.sign(q), self.sign(-q)):
                    p = divmod(p, q**m)[0]
            if p:
                todo += [r for q in self.ideal if (r := divmod(q, p)[1]) != q]
                self.ideal = [q for q in self.ideal if divmod(q, p)[1] == q] + [p]
        self.ideal += [q for q in todo if q]

    def _bound(self, fact: Fact) -> None:
        """From c*x + r >= 0 with c > 0 and -r >= 0 follows x >= -r/c >= 0: a sign for x."""
        for i, x in enumerate(self.gens):
            monomial = tuple(int(i == j) for j in range(len(self.gens)))
            c = fmpq(fact.diff.num.to_dict().get(monomial, 0))
            if fact.op == "=" or c <= 0:
                continue
            rest = x * c - fact.diff.num
            sign = self._coefficients(rest) if rest else NONNEGATIVE
            if sign != UNKNOWN:
                self.signs[i] = max(self.signs[i], sign, POSITIVE if fact.op == ">" else sign)

    def mul(self, p: Poly, q: Poly) -> Poly:
        """p*q, its cost accounted for before: a limit is a verdict, the same each time."""
        m, n = len(p), len(q)
        self.work += (m + 1) * (n + 1)
        if self.work > MAX_WORK:
            raise Limit("the polynomials grow too large")
        result = p * q
        if m and n and result.total_degree() > MAX_DEGREE:
            raise Limit("the polynomials grow too large")
        if m == n == 1 and result.leading_coefficient().height_bits() > MAX_BITS:
            raise Limit("the numbers grow too large")
        return result

    def pow(self, p: Poly, n: int) -> Poly:
        result = p if n else self.one
        for _ in range(n - 1):
            result = self.mul(result, p)
        return result

    def expand(self, den: dict[str, int]) -> Poly:
        powers = [self.pow(self.factors[key], n) for key, n in den.items() if n]
        return fold(self.mul, powers) if powers else self.one

    def common(self, f: Frac, g: Frac) -> tuple[Poly, Poly, dict[str, int]]:
        """Both numerators over one denominator."""
        if f.den == g.den:
            return f.num, g.num, f.den
        den = {k: max(f.den.get(k, 0), g.den.get(k, 0)) for k in f.den | g.den}
        return self.raised(f, den), self.raised(g, den), den

    def raised(self, f: Frac, den: dict[str, int]) -> Poly:
        """The numerator of f over a multiple of its denominator."""
        if f.den == den:
            return f.num
        lacking = self.expand({k: n - f.den.get(k, 0) for k, n in den.items()})
        return self.mul(f.num, lacking)

    def const(self, number: fmpq | int) -> Frac:
        return Frac(self.ctx.constant(number), {})

    def add(self, f: Frac, g: Frac) -> Frac:
        p, q, den = self.common(f, g)
        return Frac(p + q, den)

    def sub(self, f: Frac, g: Frac) -> Frac:
        p, q, den = self.common(f, g)
        return Frac(p - q, den)

    def times(self, f: Frac, g: Frac) -> Frac:
        if not f.den or not g.den:
            return Frac(self.mul(f.num, g.num), f.den or g.den)
        den = {k: f.den.get(k, 0) + g.den.get(k, 0) for k in f.den | g.den}
        return Frac(self.mul(f.num, g.num), den)

    def scale(self, f: Frac, number: fmpq) -> Frac:
        return f if number == 1 else Frac(f.num * number, f.den)

    def power(self, f: Frac, n: int) -> Frac:
        return Frac(self.pow(f.num, n), {k: m * n for k, m in f.den.items()})

    def total(self, fracs: Iterable[Frac]) -> Frac:
        """The sum; over one denominator that all have, that of the numerators."""
        parts = list(fracs) or [self.const(0)]
        num, den = parts[0]
        if any(f.den != den for f in parts):
            return fold(self.add, parts)
        for f in parts[1:]:
            num = num + f.num
        return Frac(num, den)

    def frac(self, expr: Expr, at: Values | None = None) -> Frac:
        """The expression as a quotient that is equal to it at every allowed point.

        With `at`, its variables stand for these quotients.
        """
        match expr:  # the most frequent first
            case Var(name):
                return Frac(self.gens[self.index[name]], {}) if at is None else at[name]
            case Mul(args):
                return fold(self.times, [self.frac(x, at) for x in args])
            case Pow(Var(name), n) if n > 0 and at is None:
                return Frac(self.gens[self.index[name]] ** n, {})
            case Num(number):
                return self.const(number)
            case Add(args):
                return self.total([self.frac(x, at) for x in args])
            case Neg(arg):
                return self.scale(self.frac(arg, at), fmpq(-1))
            case Div(num, den):
                return self.times(self.frac(num, at), self.inverse(self.frac(den, at)))
            case Pow(base, n):
                f = self.frac(base, at)
                return self.power(f if n > 0 else self.inverse(f), abs(n))
            case Root(arg, degree):
                f = self.frac(arg, at)
                sign = self.sign_expr(arg) if at is None else UNKNOWN
                return self.root(f, degree, sign)

    def split(self, p: Poly) -> tuple[fmpq, list[tuple[Poly, int]]]:
        """p as a number times powers of factors (whole where factoring would be costly)."""
        if not p:
            return fmpq(0), []
        if len(p) > 60 or p.total_degree() > 14:
            return fmpq(1), [(p, 1)]
        number, parts = p.factor()
        return fmpq(number), [(q, int(m)) for q, m in parts]

    def inverse(self, f: Frac) -> Frac:
        """1/f, where f is shown to have one sign and no zero: each factor separately, or whole."""
        name = str(f.num)
        if name not in self.inverses:
            self.inverses[name] = self._inverse(f.num)
        num, den = self.inverses[name]
        return Frac(self.mul(self.expand(f.den), num), den) if f.den else Frac(num, den)

    def _inverse(self, p: Poly) -> Frac:
        """1/p, its numerator a number."""
        number, parts = self.split(p)
        den: dict[str, int] = {}
        for q, m in parts:
            sign = self.sign(q)
            if sign != POSITIVE and self.sign(-q) == POSITIVE:
                q, sign, number = -q, POSITIVE, -number if m % 2 else number
            if sign != POSITIVE:
                break
            key = str(q)
            self.factors[key] = q
            den[key] = m
        else:
            if number != 0:
                return Frac(self.one / number, den)
        for whole, one in ((p, self.one), (-p, -self.one)):
            if self.sign(whole) == POSITIVE:
                self.factors[str(whole)] = whole
                return Frac(one, {str(whole): 1})
        raise IllPosed(f"division by {p}, which is not shown to be nonzero on the domain")

    def root(self, f: Frac, degree: int, sign: int) -> Frac:
        """The non-negative root of a non-negative f: factor by factor where each is >= 0."""
        if max(sign, self.sign(f.num)) == UNKNOWN:
            raise IllPosed(f"a root of {f.num}, which is not shown to be nonnegative")
        if not f.num:
            return self.const(0)
        number, parts = self.split(f.num)
        if number < 0 or any(self.sign(q) == UNKNOWN for q, _ in parts):
            number, parts = fmpq(1), [(f.num, 1)]
        if number.height_bits() > MAX_ROOT_BITS:
            raise Limit("a root of a long number")
        result = self.const(fmpq(1, number.q))
        for prime, m in fmpz(number.p * number.q ** (degree - 1)).factor():
            result = self.times(result, self.radical(self.ctx.constant(prime), m, degree))
        for q, m in parts:
            result = self.times(result, self.radical(q, m, degree))
        fixed = self.reduce(f.num) if self.ideal and len(parts) > 1 else f.num
        if fixed.is_constant() and not f.num.is_constant() and self.sign(fixed) != UNKNOWN:
            # sqrt(a)*sqrt(b) = 1 where ab = 1: a number has one non-negative root
            known = self.root(Frac(fixed, {}), degree, NONNEGATIVE)
            if not known.den and not self.vanishes(result.num - known.num):
                self.ideal.append(result.num - known.num)
        for key, m in f.den.items():
            result = self.times(result, self.inverse(self.radical(self.factors[key], m, degree)))
        return result

    def radical(self, p: Poly, m: int, degree: int) -> Frac:
        """p^(m/degree) with the integer part taken out and the rest a power of one new variable.

        Radicands that are equal on the world share it: a non-negative number has one such root.
        """
        whole = self.pow(p, m // degree)
        if m % degree == 0:
            return Frac(whole, {})
        key = (str(p), degree)
        if key not in self.radicals and self.ideal:
            fixed = self.reduce(p)
            if fixed.is_constant() and not p.is_constant():
                return self.power(self.root(Frac(fixed, {}), degree, NONNEGATIVE), m)
            same = (k for k in self.radicals if k[1] == degree)
            key = next((k for k in same if self.vanishes(self.factors[k[0]] - p)), key)
        if key not in self.radicals:
            at = self.spare - 1 - len(self.radicals)
            if at < 0:
                raise Limit(f"more than {self.spare} different roots")
            self.signs[at] = max(self.sign(p), NONNEGATIVE)
            self.radicals[key] = self.gens[at]
            self.factors[key[0]] = p
            self.ideal.append(self.gens[at] ** degree - p)
        return Frac(self.mul(whole, self.radicals[key] ** (m % degree)), {})

    # -- deciding ------------------------------------------------------------------------------

    def reduce(self, p: Poly) -> Poly:
        """p minus multiples of the ideal's members: equal to p at every allowed point.

        A remainder of zero shows p = 0 there. With one equation (or coprime leading monomials)
        the remainder is a normal form, so the test is complete for the ideal as well.
        """
        for _ in range(12):
            before = p
            for g in self.ideal:
                if len(p) > 1500 or p.total_degree() > 48:
                    raise Limit("the polynomials grow too large")
                p = divmod(p, g)[1]
            if p == before:
                break
        return p

    def vanishes(self, p: Poly) -> bool:
        return not p or (bool(self.ideal) and not self.reduce(p))

    def equal(self, f: Frac, g: Frac) -> bool:
        p, q, _ = self.common(f, g)
        return self.vanishes(p - q)

    def strip(self, p: Poly) -> Poly:
        """p without its monomial factor in variables that are strictly positive."""
        columns = zip(*p.monoms(), strict=True)
        low = [min(e) if s == POSITIVE else 0 for s, e in zip(self.signs, columns, strict=False)]
        return divmod(p, self.ctx.from_dict({tuple(low): 1}))[0] if any(low) else p

    def homogenised(self, p: Poly) -> Poly | None:
        """p with every term raised to one degree by a hypothesis (homogeneous G)/k = 1."""
        if not p:
            return p
        top = int(p.total_degree())
        for unit, degree in self.units:
            parts: dict[int, dict[tuple[int, ...], fmpq]] = {}
            for m, c in p.terms():
                parts.setdefault(top - sum(m), {})[m] = c
            if any(gap % degree for gap in parts):
                continue
            result = self.zero
            for gap, terms in parts.items():
                result += self.mul(self.ctx.from_dict(terms), self.pow(unit, gap // degree))
            return result
        return None

    def sign(self, p: Poly) -> int:
        """POSITIVE (p > 0 at every allowed point), NONNEGATIVE (p >= 0), or UNKNOWN."""
        if p.is_constant():
            number = p.leading_coefficient() if p else 0
            return POSITIVE if number > 0 else NONNEGATIVE if number == 0 else UNKNOWN
        key = str(p)
        if key not in self.known:
            self.known[key] = UNKNOWN
            self.known[key] = self._sign(p)
        return self.known[key]

    def _sign(self, p: Poly) -> int:
        best = max(self._coefficients(p), self._quadratic(p))
        if best < POSITIVE:
            best = max(best, self.termwise(p))
        if best == UNKNOWN and len(p) <= 60 and p.total_degree() <= 14:
            number, parts = p.factor()
            if number > 0 and len(parts) + sum(m > 1 for _, m in parts) > 1:
                shown = [NONNEGATIVE if m % 2 == 0 else self.sign(q) for q, m in parts]
                best = min(shown)
        return best

    def termwise(self, p: Poly) -> int:
        """The sign of p where it shows in each single term, up to the hypotheses' equations."""
        best = self._coefficients(p)
        if best < POSITIVE and self.statement.domain == "triangle" and p.total_degree() <= 16:
            *roots, x, y, z = self.gens  # a = y+z, b = z+x, c = x+y with x, y, z > 0
            best = max(best, self._coefficients(p.compose(*roots, y + z, z + x, x + y)))
        if self.ideal and best < POSITIVE:
            homogeneous = self.homogenised(p)
            for q in (self.reduce(p), p if homogeneous is None else homogeneous):
                if q != p:
                    best = max(best, self._coefficients(q) if q else NONNEGATIVE)
        return best

    def _coefficients(self, p: Poly) -> int:
        """All coefficients positive, and every monomial non-negative by the variables' signs."""
        strict = False
        for m, c in p.terms():
            if c < 0 or any(e % 2 and s == UNKNOWN for e, s in zip(m, self.signs, strict=True)):
                return UNKNOWN
            strict |= all(e == 0 or s == POSITIVE for e, s in zip(m, self.signs, strict=True))
        return POSITIVE if strict else NONNEGATIVE

    def _quadratic(self, p: Poly) -> int:
        """A quadratic as (1, x)^T M (1, x), or x^T M x where homogeneous: exact LDL^T of M.

        M positive semidefinite gives p >= 0. M positive definite gives p > 0 where the vector is
        not zero: always with the 1 in front, and with some positive variable otherwise.
        """
        if p.total_degree() != 2:
            return UNKNOWN
        terms = p.to_dict()
        used = [i for i, m in enumerate(zip(*terms, strict=True)) if any(m)]
        homogeneous = all(sum(m) == 2 for m in terms)
        size = len(used) + (not homogeneous)
        matrix = [[fmpq(0)] * size for _ in range(size)]
        for m, c in terms.items():
            at = [k for k, i in enumerate(used) for _ in range(m[i])]
            i, j = [*at, size - 1, size - 1][:2]
            matrix[i][j] += c / 2
            matrix[j][i] += c / 2
        for k in range(size):
            pivot = matrix[k][k]
            if pivot < 0 or (pivot == 0 and any(x != 0 for x in matrix[k][k:])):
                return UNKNOWN
            if pivot == 0:
                continue
            for i in range(k + 1, size):
                ratio = matrix[i][k] / pivot
                for j in range(k, size):
                    matrix[i][j] -= ratio * matrix[k][j]
        definite = all(matrix[k][k] > 0 for k in range(size))
        nonzero = not homogeneous or any(self.signs[i] == POSITIVE for i in used)
        return POSITIVE if definite and nonzero else NONNEGATIVE

    def sign_expr(self, expr: Expr, value: Frac | None = None) -> int:
        """The sign of an expression, also from its shape: squares, products, sums, quotients."""
        best = self.sign((value or self.frac(expr)).num)
        if best == POSITIVE:
            return best
        match expr:
            case Pow(base, n) if n % 2 == 0:
                shape = NONNEGATIVE
            case Pow(base, _):
                shape = self.sign_expr(base)
            case Mul(args):
                shape = min(self.sign_expr(x) for x in args)
            case Div(num, den):
                shape = min(self.sign_expr(num), self.sign_expr(den))
            case Add(args):
                signs = [self.sign_expr(x) for x in args]
                shape = max(signs) if min(signs) != UNKNOWN else UNKNOWN
            case Root():
                shape = NONNEGATIVE
            case _:
                shape = UNKNOWN
        return max(best, shape)

    def links(self, chain: Chain, at: Values | None = None) -> list[Fact]:
        """The relations of a chain, each turned so that the larger side is on the left."""
        values = [self.frac(part, at) for part in chain.parts]
        facts = []
        for op, left, right in zip(chain.ops, values, values[1:], strict=False):
            if op[0] == "<":
                left, right, op = right, left, op.replace("<", ">")
            facts.append(Fact(left, right, self.sub(left, right), op))
        return facts
