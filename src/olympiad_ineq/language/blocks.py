"""Steps with steps of their own, as prose and back: WLOG, cases by order, substitution.

A header opens a block, a sentence of its own ends it, and what stands between are its steps:

    Without loss of generality, assume $a \\ge b$.
    (1) By the order of the variables, $(a-b)(a^2-b^2) \\ge 0$.
    By symmetry, in every order, $a^3+b^3 \\ge a^2b+ab^2$.

A header or an ending is read only if every word of it is known here: an assumption with a word
more is not followed, and nothing that rests on it is proved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flint import fmpq

from olympiad_ineq.kernel.trees import Add, Chain, Neg, Num, Pow, Var

from .parse import Unreadable, parse_chain, parse_expr, variable_keys
from .segments import RELATION, split_list, vocabulary
from .spelling import canonical, chain_ascii, chain_latex, expr_ascii, expr_latex, variable_latex

BLOCKS = ("wlog", "cases", "substitute")
DOMAINS = ("positive", "nonnegative", "real")
_HEADERS: dict[str, tuple[str, ...]] = {
    "wlog": (
        "Without loss of generality, assume {order}.",
        "By symmetry, we may assume that {order}.",
        "WLOG, let {order}.",
        "We may assume without loss of generality that {order}.",
        "Since the inequality is symmetric, suppose {order}.",
        "Without loss of generality, let {order}.",
    ),
    "cases": (
        "Case {number}: {order}.",
        "Case {number}: assume {order}.",
        "Case {number}: let {order}.",
        "Case {number}: suppose that {order}.",
        "Case {number}. Assume that {order}.",
        "Case {number}. Let {order}.",
    ),
    "substitute": (
        "Let {images}, {which} {domain}{given}.",
        "Put {images}, {which} {domain}{given}.",
        "Set {images}, {which} {domain}{given}.",
        "Substitute {images}, {which} {domain}{given}.",
        "Let us put {images}, {which} {domain}{given}.",
        "Write {images}, {which} {domain}{given}.",
    ),
}
_ENDINGS: dict[str, tuple[str, ...]] = {
    "wlog": (
        "By symmetry, in every order, {claim}.",
        "By symmetry, whatever the order, {claim}.",
        "Hence, in every order of the variables, {claim}.",
        "This proves that, in every order, {claim}.",
        "So, by symmetry, in any order {claim}.",
        "Thus {claim} in every order.",
    ),
    "cases": (
        "In every case, {claim}.",
        "In all cases, {claim}.",
        "Hence, in each case, {claim}.",
        "So in every case we have {claim}.",
        "Thus {claim} in all cases.",
        "In any case, {claim}.",
    ),
    "substitute": (
        "Substituting back into {lemma}, {claim}.",
        "Substituting back, {lemma} becomes {claim}.",
        "Going back from {lemma} to the original variables, {claim}.",
        "In the original variables, {lemma} becomes {claim}.",
        "Hence, substituting back into {lemma}, we get {claim}.",
        "For these values, {lemma} gives {claim}.",
    ),
}


# -- the records ----------------------------------------------------------------------------------


def bodies(step: Mapping[str, object]) -> list[list[Mapping[str, object]]]:
    """The lists of inner steps: one for WLOG and substitution, one for each case.

    Raises:
        Unreadable: where they are no lists of records.
    """
    if step.get("by") not in BLOCKS:
        return []
    holders = _cases(step) if "cases" in step else [step]
    found = []
    for holder in holders:
        steps = holder.get("steps")
        if not isinstance(steps, Sequence) or not all(isinstance(s, Mapping) for s in steps):
            raise Unreadable("the field steps must be a list of steps")
        found.append(list(steps))
    return found


def size(step: Mapping[str, object]) -> int:
    """How many steps it is with those of its own."""
    return 1 + sum(size(inner) for body in bodies(step) for inner in body)


def _cases(step: Mapping[str, object]) -> list[Mapping[str, object]]:
    raw = step.get("cases")
    if not isinstance(raw, Sequence) or not all(isinstance(case, Mapping) for case in raw):
        raise Unreadable("the field cases must be a list of records")
    return list(raw)


def _order(raw: object, variables: Sequence[str]) -> list[str]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) < 2:
        raise Unreadable("an order is a list of at least two variables")
    return [canonical(str(name), variables) for name in raw]


def _images(step: Mapping[str, object], variables: Sequence[str]) -> dict[str, str]:
    raw = step.get("images")
    if not isinstance(raw, Mapping) or not raw:
        raise Unreadable("the field images must give an expression for each new variable")
    names = [str(name) for name in raw]
    if {*variable_keys(names)} & {*variable_keys(variables)}:
        raise Unreadable("a new variable of the substitution has the name of an old one")
    return {name: canonical(str(raw[name]), variables) for name in names}


Inner = Callable[[Sequence[Mapping[str, object]], Sequence[str], int], list[dict[str, object]]]


def canonical_fields(
    step: Mapping[str, object], variables: Sequence[str], inner: Inner, first: int
) -> dict[str, object]:
    """The fields of a block as reading its prose gives them; inner steps are numbered on."""
    ready: list[list[dict[str, object]]] = []
    names = [*_images(step, variables)] if step.get("by") == "substitute" else list(variables)
    for body in bodies(step):
        ready.append(inner(body, names, first))
        first += sum(map(size, body))
    if step.get("by") == "substitute":
        fields: dict[str, object] = {"by": "substitute", "images": _images(step, variables)}
        fields["domain"] = step.get("domain", "positive")
        given = step.get("given") or []
        if fields["domain"] not in DOMAINS or not isinstance(given, Sequence):
            raise Unreadable(f"a substitution's domain is one of {', '.join(DOMAINS)}")
        if given:
            fields["given"] = [canonical(str(g), names) for g in given]
        return {**fields, "lemma": canonical(str(step.get("lemma")), names), "steps": ready[0]}
    if "cases" not in step:
        return {"by": "wlog", "order": _order(step.get("order"), variables), "steps": ready[0]}
    cases = [
        {"order": _order(case.get("order"), variables), "steps": steps}
        for case, steps in zip(_cases(step), ready, strict=True)
    ]
    return {"by": "cases", "cases": cases}


# -- writing --------------------------------------------------------------------------------------


def render_block(
    step: Mapping[str, object],
    variables: Sequence[str],
    way: int,
    line: Callable[[Mapping[str, object], Sequence[str]], str],
) -> list[str]:
    """A canonical block as lines, the last of them its ending; `line` says an inner step."""
    rule = str(step["by"])
    slots = {"claim": _math(parse_chain(str(step["claim"]), variables))}
    lines: list[str] = []
    names = variables
    if rule == "substitute":
        images = _images(step, variables)
        names = [*images]
        slots |= _substitution(step, images, names, variables)
    holders = _cases(step) if rule == "cases" else [step]
    for number, (holder, body) in enumerate(zip(holders, bodies(step), strict=True), 1):
        if "order" in holder:
            text = " >= ".join(_order(holder["order"], variables))
            slots["order"] = _math(parse_chain(text, variables))
        lines.append(_HEADERS[rule][way].format(**slots, number=number))
        lines += [line(inner, names) for inner in body]
    return [*lines, _ENDINGS[rule][way].format(**slots)]


def _substitution(
    step: Mapping[str, object],
    images: Mapping[str, str],
    names: Sequence[str],
    variables: Sequence[str],
) -> dict[str, str]:
    shown = [
        f"${variable_latex(name)} = {expr_latex(parse_expr(text, variables))}$"
        for name, text in images.items()
    ]
    given = step.get("given")
    texts = [str(g) for g in given] if isinstance(given, Sequence) else []
    conditions = listed([_math(parse_chain(g, names)) for g in texts])
    return {
        "images": listed(shown),
        "which": "which are" if len(images) > 1 else "which is",
        "domain": str(step["domain"]),
        "given": f" with {conditions}" if conditions else "",
        "lemma": _math(parse_chain(str(step["lemma"]), names)),
    }


def _math(chain: Chain) -> str:
    return f"${chain_latex(chain)}$"


def listed(parts: Sequence[str]) -> str:
    """ "x, y and z"."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


# -- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """What a header opens: its rule, the fields that it gives, and the number of a case."""

    rule: str
    fields: dict[str, object]
    number: int = 0


@dataclass(slots=True)
class Block:
    """A block while it is read. `outer` are the steps before it, `cases` its finished cases."""

    rule: str
    fields: dict[str, object]
    name: str
    position: int
    outer: list[dict[str, object]]
    cases: list[dict[str, object]] = field(default_factory=list)

    def step(self, claim: str, steps: list[dict[str, object]]) -> dict[str, object]:
        """The block's fields, with the steps of its last part."""
        own = {**self.fields, "steps": steps}
        fields = {"cases": [*self.cases, own]} if self.rule == "cases" else own
        return {"id": self.name, "claim": claim, "by": self.rule, **fields}


CASE_LABEL = re.compile(r"\s*Case\s+\d{1,2}\.\s*", re.IGNORECASE)
_MAX_WORDS = 400  # no header is longer, and what is longer costs no matching
_WLOG = re.compile(r"\bwlog\b|without loss of generality|by symmetry|is symmetric", re.IGNORECASE)
_CASE = re.compile(r"case (\d{1,2}) ?[.:]? ?(.*)", re.IGNORECASE)
_THEY = r"\0[\0 ,]*(?:and \0)?"
_SUBSTITUTE = re.compile(
    r"(?:now )?(?:let|put|set|substitute|write|define|let us (?:put|set|write)) "
    rf"(?P<images>{_THEY})(?: ?,? ?(?:which (?:is|are)|(?:and )?these are|they are) "
    r"(?P<domain>positive|non-?negative|real)(?: numbers| reals)?)?"
    rf"(?: ?,? ?(?:with|so that|satisfying) (?P<given>{_THEY}))? ?[.:;]?",
    re.IGNORECASE,
)
_KNOWN = {
    "wlog": vocabulary(
        "by symmetry since as the inequality statement problem is symmetric in all variables "
        "without loss of generality wlog we may can assume suppose let that"
    ),
    "cases": vocabulary("assume suppose let that if when first we have"),
}
_ENDS = {
    "wlog": (
        re.compile(r"\b(?:every|any|each|whatever)\b.*\border\b", re.IGNORECASE),
        vocabulary(
            "by symmetry in every any each whatever the order of variables hence thus so "
            "therefore this proves shows that we have get holds for is it and"
        ),
    ),
    "cases": (
        re.compile(r"\b(?:every|any|each|all|both|either)\b.*\bcases?\b", re.IGNORECASE),
        vocabulary(
            "in every any each all both either case cases of the these hence thus so therefore "
            "we have get this proves shows that holds it and"
        ),
    ),
    "substitute": (
        re.compile(r"\bback\b|original variables|these values", re.IGNORECASE),
        vocabulary(
            "substituting going back into in from for to the original variables with these values "
            "of hence thus so therefore we have get becomes gives that this is finally"
        ),
    ),
}


def _plain(words: str) -> str:
    return " ".join(words.split())


def only(words: str, known: frozenset[str]) -> bool:
    """Are all words known, and is nothing else there than mathematics, commas and colons?"""
    rest = re.sub(r"[\0,.:; ]", " ", words).split()
    return all(word.lower() in known for word in rest)


def header(words: str, maths: Sequence[str], variables: Sequence[str]) -> Header | None:
    """What this sentence opens, if all of it is understood. Mathematics are \\0 in the words."""
    plain = _plain(words) if len(words) <= _MAX_WORDS else ""
    case = _CASE.fullmatch(plain)
    if case and len(maths) == 1 and only(case[2], _KNOWN["cases"]):
        order = _ordered(maths[0], variables)
        return Header("cases", {"order": order}, int(case[1])) if order else None
    if maths and _WLOG.search(plain) and only(plain, _KNOWN["wlog"]):
        order = _ordered(maths[-1], variables)
        names = {name for text in maths[:-1] for name in split_list(text)}
        return Header("wlog", {"order": order}) if order and names <= {*variables} else None
    found = _SUBSTITUTE.fullmatch(plain)
    return _substituted(found, maths, variables) if found else None


def _ordered(text: str, variables: Sequence[str]) -> list[str] | None:
    """ "a >= b >= c" as a, b, c; None for any other relation."""
    try:
        chain = parse_chain(text.strip().rstrip(".,;: "), variables)
    except Unreadable:
        return None
    names = [part.name for part in chain.parts if isinstance(part, Var)]
    if len({*names}) != len(chain.parts) or {*chain.ops} not in ({">="}, {"<="}):
        return None
    return names if chain.ops[0] == ">=" else names[::-1]


def _substituted(
    found: re.Match[str], maths: Sequence[str], variables: Sequence[str]
) -> Header | None:
    defining = found["images"].count("\0")
    images: dict[str, str] = {}
    try:
        for piece in (p for text in maths[:defining] for p in split_list(text.rstrip(".,;: "))):
            name, _, value = piece.partition("=")
            name = re.sub(r"[{}\s]", "", name)
            expr = parse_expr(value, variables)
            if name in images or {*variable_keys([name])} & {*variable_keys(variables)}:
                return None
            images[name] = expr_ascii(expr)
        given = [g for text in maths[defining:] for g in conditions(text, [*images])]
    except Unreadable:
        return None
    # What is not said of the new variables is not assumed of them.
    domain = (found["domain"] or "real").lower().replace("-", "")
    fields: dict[str, object] = {"images": images, "domain": domain}
    return Header("substitute", {**fields, "given": given} if given else fields)


def conditions(text: str, names: Sequence[str]) -> list[str]:
    """The relations between the new variables in a piece of mathematics; or Unreadable."""
    pieces = split_list(text.strip().rstrip(".,;: "))
    if not all(RELATION.search(piece) for piece in pieces):
        raise Unreadable("a list that is not all relations", 0, text)
    return [chain_ascii(parse_chain(piece, names)) for piece in pieces]


def ends(rule: str, words: str) -> bool:
    """Does this sentence end a block of the rule, with a claim about everything before it?"""
    marker, known = _ENDS[rule]
    plain = _plain(words) if len(words) <= _MAX_WORDS else ""
    return bool(marker.search(plain)) and only(plain, known)


def in_order(chain: Chain, order: Sequence[str]) -> bool:
    """Is this a >= b >= c, or a - b >= 0, as the order has it?"""
    parts = list(chain.parts)
    if len(parts) == 2 and parts[1] == Num(fmpq(0)) and isinstance(parts[0], Add):
        match parts[0].args:
            case (Var() as one, Neg(Var() as two)):
                parts = [one, two]
    powers = {part.exponent if isinstance(part, Pow) else 1 for part in parts}
    if len(powers) == 1 and min(powers) > 1:  # a^3 >= b^3
        parts = [part.base for part in parts if isinstance(part, Pow)]
    names = [part.name for part in parts if isinstance(part, Var)]
    if len(names) != len(parts) or {*chain.ops} != {">="} or not {*names} <= {*order}:
        return False
    places = [order.index(name) for name in names]
    return places == sorted({*places})


def with_cited(
    inner: list[dict[str, object]], outer: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """The steps of an order, after those before it that they cite: what held before holds in it."""
    own = {step["id"] for step in inner}
    known = {str(s["id"]): s for s in outer if s.get("by") not in BLOCKS and s["id"] not in own}
    needed: dict[str, dict[str, object]] = {}
    waiting = [name for step in inner for name in cited(step)]
    while waiting:
        name = waiting.pop()
        if name in known and name not in needed:
            needed[name] = known[name]
            waiting += cited(known[name])
    return [step for name, step in known.items() if name in needed] + inner


def cited(step: Mapping[str, object]) -> list[str]:
    """The names of the steps that a step cites."""
    raw = step.get("of")
    return [raw] if isinstance(raw, str) else [str(x) for x in raw] if isinstance(raw, list) else []
