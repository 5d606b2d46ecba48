"""Names of problems that do not depend on how they are written.

`canonical_key` is equal for two problems that differ only in the names and order of variables, in
x → 1/x for all variables at once (positive domain), in terms moved between sides, sides turned
round, denominators cleared, and positive constant factors; given relations are treated alike.
`family_key` is coarser: it also forgets the coefficients, so that relatives of a problem can be
kept together. Neither decides truth; both work for any readable problem, whatever its source.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product
from math import gcd, prod

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Var
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable, parse_chain

Exps = tuple[int, ...]
Number = int | Fraction  # whole numbers as int: much faster
Poly = dict[Exps, Number]
Terms = tuple[tuple[Exps, int], ...]
Relation = tuple[str, Terms]
System = tuple[tuple[Relation, ...], tuple[Relation, ...]]

ANOTHER = "the problem's text states another problem"
MAX_TERMS = 4000
MAX_ORDERS = 5040


class TooLarge(ValueError):
    """The problem has more terms than a key is made for."""


def canonical_key(variables: Sequence[str], domain: str, given: Sequence[str], goal: str) -> str:
    """A short hash of the problem up to renaming, inversion, moving and scaling.

    Raises the kernel's Unreadable where the problem cannot be read.
    """
    system = _system(variables, domain, given, goal)
    if isinstance(system, str):
        return _digest(domain, system)
    return _digest(domain, repr(_least(system, domain == "positive")))


def relative_key(variables: Sequence[str], given: Sequence[str], goal: str) -> str:
    """A short hash of the problem up to its domain and a monomial factor as well.

    x^4 + y^4 >= 2x^2y^2 for reals or for positive numbers, or with both sides times x: whoever
    knows one knows the other.
    """
    return canonical_key(variables, "positive", given, goal)


def not_said(text: str, key: str) -> str:
    """Why a text does not state the problem with this canonical key; empty if it does."""
    try:
        read = read_problem(text)
        read_key = canonical_key(read.variables, read.domain, read.given, read.goal)
    except Unreadable as error:
        return f"the problem's text cannot be read: {error}"
    return "" if read_key == key else ANOTHER


def family_key(variables: Sequence[str], domain: str, given: Sequence[str], goal: str) -> str:
    """A short hash of the monomials of the goal, up to renaming and inversion.

    Coefficients are reduced to their signs; constants in given relations do not matter either.
    """
    system = _system(variables, domain, given, goal)
    if isinstance(system, str):
        return "other-" + _digest(domain, system)
    facts, goals = (
        tuple((op, tuple((e, (c > 0) - (c < 0)) for e, c in terms)) for op, terms in side)
        for side in system
    )
    return "support-" + _digest(repr(_least((facts, goals), domain == "positive")))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


# -- reading -----------------------------------------------------------------------------------


def _system(variables: Sequence[str], domain: str, given: Sequence[str], goal: str) -> System | str:
    """Hypotheses and goal as relations `polynomial op 0`; text where a root forbids it."""
    names = tuple(variables)
    chains = [parse_chain(text, names) for text in given]
    target = parse_chain(goal, names)
    try:
        facts = [r for chain in chains for r in _relations(chain, names, domain)]
        goals = list(_relations(target, names, domain))
    except (TooLarge, _Root):
        # Roots are rare and kept as written, up to the order of the variables' first appearance.
        return _renamed(" ; ".join([*sorted(given), goal]), names)
    return tuple(sorted(facts)), tuple(sorted(goals))


class _Root(ValueError):
    """The expression has a root."""


def _renamed(text: str, names: Sequence[str]) -> str:
    order = sorted(names, key=lambda v: (text.find(v) < 0, text.find(v), v))
    out = "".join(text.split())
    for i, name in enumerate(order):
        out = out.replace(name, f"<{i}>") if len(name) > 1 or name.isupper() else out
    table = {name: f"<{order.index(name)}>" for name in names if len(name) == 1}
    words = out.replace("sqrt", "\0")
    return "".join(table.get(ch, ch) for ch in words)


def _relations(chain: Chain, names: Sequence[str], domain: str) -> Iterator[Relation]:
    """Each link as `terms op 0` with op one of >=, >, =, coprime integers, no common monomial.

    Cleared by denominators that are plainly positive, and by the squares of all others.
    """
    positive = domain in ("positive", "triangle")
    values = [_quotient(part, names) for part in chain.parts]
    for op, (a, b), (c, d) in zip(chain.ops, values, values[1:], strict=False):
        # a/b op c/d: the least common denominator of b and d, factor by factor.
        common = {k: max(b.get(k, 0), d.get(k, 0)) for k in b | d}
        left = _mul(a, _power_product({k: common[k] - b.get(k, 0) for k in common}, len(names)))
        right = _mul(c, _power_product({k: common[k] - d.get(k, 0) for k in common}, len(names)))
        diff = _add(left, right, -1)
        for key, power in common.items():
            if not _plainly_positive(key, domain):
                diff = _mul(diff, dict(key)) if power % 2 and op != "=" else diff
                continue
            for _ in range(power):
                quotient = _divided(diff, dict(key))
                if quotient is None:
                    break
                diff = quotient
        if op[0] == "<":
            diff = {e: -c for e, c in diff.items()}
        yield _primitive(diff, op.replace("<", ">"), positive)


Key = tuple[tuple[Exps, Number], ...]


def _plainly_positive(key: "Key", domain: str) -> bool:
    """Whether a denominator (never zero, for the problem to have a meaning) is positive."""
    signs = all(c > 0 for _, c in key)
    return signs and (domain != "real" or all(e % 2 == 0 for exps, _ in key for e in exps))


Quotient = tuple[Poly, dict[Key, int]]


def _quotient(expr: Expr, names: Sequence[str]) -> Quotient:
    """Numerator, and denominator as powers of polynomials with leading coefficient 1."""
    n = len(names)
    match expr:
        case Num(value):
            number = _whole(Fraction(int(value.p), int(value.q)))
            return ({(0,) * n: number} if number else {}), {}
        case Var(name):
            i = names.index(name)
            return {tuple(int(j == i) for j in range(n)): 1}, {}
        case Neg(arg):
            top, bottom = _quotient(arg, names)
            return {e: -c for e, c in top.items()}, bottom
        case Add(args):
            total: Quotient = ({}, {})
            for arg in args:
                total = _sum(total, _quotient(arg, names), n)
            return total
        case Mul(args):
            top, bottom = {(0,) * n: 1}, {}
            for arg in args:
                above, below = _quotient(arg, names)
                top, bottom = _mul(top, above), _joined(bottom, below)
            return top, bottom
        case Div(num, den):
            above, below = _quotient(num, names)
            over, under = _inverse(_quotient(den, names), n)
            return _mul(above, over), _joined(below, under)
        case Pow(base, exponent):
            value = _quotient(base, names)
            if exponent < 0:
                value = _inverse(value, n)
            top = {(0,) * n: 1}
            for _ in range(abs(exponent)):
                top = _mul(top, value[0])
            return top, {k: m * abs(exponent) for k, m in value[1].items()}
    raise _Root


def _inverse(value: Quotient, n: int) -> Quotient:
    top, bottom = value
    if not top:
        raise _Root  # division by zero: no polynomial stands for it
    above = _power_product(bottom, n)
    # Monomials come apart, so that 1/(ab) and 1/a share a denominator.
    low = tuple(min(column) for column in zip(*top, strict=True))
    rest = {tuple(x - y for x, y in zip(e, low, strict=True)): c for e, c in top.items()}
    lead = rest[max(rest)]
    powers: dict[Key, int] = {}
    for i, e in enumerate(low):
        if e:
            powers[((tuple(int(j == i) for j in range(n)), 1),)] = e
    if len(rest) > 1:
        powers[tuple(sorted((e, _over(c, lead)) for e, c in rest.items()))] = 1
    return {e: _over(c, lead) for e, c in above.items()}, powers


def _joined(left: Mapping[Key, int], right: Mapping[Key, int]) -> dict[Key, int]:
    return {k: left.get(k, 0) + right.get(k, 0) for k in {**left, **right}}


def _sum(left: Quotient, right: Quotient, n: int) -> Quotient:
    (a, b), (c, d) = left, right
    if b == d:
        return _add(a, c), b
    common = {k: max(b.get(k, 0), d.get(k, 0)) for k in {**b, **d}}
    a = _mul(a, _power_product({k: m - b.get(k, 0) for k, m in common.items()}, n))
    c = _mul(c, _power_product({k: m - d.get(k, 0) for k, m in common.items()}, n))
    return _add(a, c), common


def _power_product(powers: Mapping[Key, int], n: int) -> Poly:
    out: Poly = {(0,) * n: 1}
    for key, power in powers.items():
        for _ in range(power):
            out = _mul(out, dict(key))
    return out


def _whole(value: Number) -> Number:
    return value.numerator if value.denominator == 1 else value


def _over(top: Number, bottom: Number) -> Number:
    return top if bottom == 1 else _whole(Fraction(top) / bottom)


def _add(left: Poly, right: Poly, factor: int = 1) -> Poly:
    out = dict(left)
    for e, c in right.items():
        value = out.get(e, 0) + factor * c
        if value:
            out[e] = value
        else:
            out.pop(e, None)
    return out


def _mul(left: Poly, right: Poly) -> Poly:
    if len(left) * len(right) > MAX_TERMS:
        raise TooLarge
    if len(right) == 1 and not any(next(iter(right))):
        factor = next(iter(right.values()))
        return left if factor == 1 else {e: c * factor for e, c in left.items()}
    out: Poly = {}
    for e, c in left.items():
        for f, d in right.items():
            key = tuple(x + y for x, y in zip(e, f, strict=True))
            out[key] = out.get(key, 0) + c * d
    return {e: c for e, c in out.items() if c}


def _divided(top: Poly, by: Poly) -> Poly | None:
    """The exact quotient of polynomials, or None."""
    rest, quotient = dict(top), {}
    lead = max(by)
    steps = 0
    while rest:
        head = max(rest)
        shift = tuple(x - y for x, y in zip(head, lead, strict=True))
        if min(shift) < 0:
            return None
        factor = _over(rest[head], by[lead])
        quotient[shift] = factor
        for e, c in by.items():
            key = tuple(x + y for x, y in zip(e, shift, strict=True))
            value = rest.get(key, 0) - factor * c
            if value:
                rest[key] = value
            else:
                rest.pop(key, None)
        steps += 1
        if steps > 200:
            return None
    return quotient


def _primitive(poly: Poly, op: str, positive: bool) -> Relation:
    if not poly:
        return op, ()
    bottom = 1
    for c in poly.values():
        bottom = bottom * c.denominator // gcd(bottom, c.denominator)
    whole = {e: int(c * bottom) for e, c in poly.items()}
    content = gcd(*whole.values())
    low = tuple(min(column) for column in zip(*whole, strict=True)) if positive else None
    return op, tuple(
        (tuple(x - y for x, y in zip(e, low, strict=True)) if low else e, c // content)
        for e, c in whole.items()
    )


# -- the least form ----------------------------------------------------------------------------


def _least(system: System, invertible: bool) -> System:
    """The least of all renamings (and of the inverted system)."""
    best: System | None = None
    for form in (system, _inverted(system)) if invertible else (system,):
        for order in _orders(form):
            moved = _moved(form, order)
            if best is None or moved < best:
                best = moved
    assert best is not None
    return best


def _inverted(system: System) -> System:
    """x → 1/x for all variables, cleared again."""
    return tuple(tuple((op, _flipped(terms)) for op, terms in side) for side in system)  # type: ignore[return-value]


def _flipped(terms: Terms) -> Terms:
    if not terms:
        return terms
    top = tuple(max(column) for column in zip(*(e for e, _ in terms), strict=True))
    return tuple((tuple(x - y for x, y in zip(top, e, strict=True)), c) for e, c in terms)


def _moved(system: System, order: Sequence[int]) -> System:
    facts, goals = (
        tuple(
            sorted(
                _signed(op, [(tuple(e[i] for i in order), c) for e, c in terms])
                for op, terms in side
            )
        )
        for side in system
    )
    return facts, goals


def _signed(op: str, terms: Iterable[tuple[Exps, int]]) -> Relation:
    """Terms in order; an equation with a positive first coefficient."""
    rows = sorted(terms)
    if op == "=" and rows and rows[-1][1] < 0:
        rows = [(e, -c) for e, c in rows]
    return op, tuple(rows)


def _orders(system: System) -> Iterator[tuple[int, ...]]:
    """Orders of the variables worth trying: those that sort them by what occurs around them."""
    facts, goals = system
    rows = [(kind, op, terms) for kind, side in enumerate((facts, goals)) for op, terms in side]
    n = next((len(terms[0][0]) for _, _, terms in rows if terms), 0)
    marks = []
    for i in range(n):
        mark = []
        for kind, op, terms in rows:
            sign = op != "="
            seen = sorted((e[i], tuple(sorted(e)), c if sign else abs(c)) for e, c in terms if e[i])
            mark.append((kind, op, tuple(seen)))
        marks.append(tuple(sorted(mark)))
    groups: dict[object, list[int]] = {}
    for one in sorted(set(marks)):
        groups[one] = [i for i in range(n) if marks[i] == one]
    sizes = prod(prod(range(1, len(g) + 1)) for g in groups.values())
    if sizes > MAX_ORDERS:
        # Too symmetric to try all: rotations only. Keys stay sound, some relatives are missed.
        yield from (tuple((i + k) % n for i in range(n)) for k in range(n))
        return
    for parts in product(*(permutations(g) for g in groups.values())):
        yield tuple(i for part in parts for i in part)
