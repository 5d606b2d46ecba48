"""The one parser: LaTeX and ASCII mathematics to small immutable trees.

Every text that a model, a file or a person hands us comes in here. Nothing is evaluated, names
are only ever the declared variables, and size is bounded before any work is done: characters
before tokenising, digits, exponents, nesting and nodes while parsing. What mathematicians would
read in two ways (``a/2b``) is refused, with position and reason, rather than guessed.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NoReturn

from flint import fmpq

from olympiad_ineq.kernel.trees import (
    DOMAINS,
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

MAX_CHARS, MAX_DEPTH, MAX_NODES, MAX_EXPONENT, MAX_DIGITS, MAX_VARIABLES = 2000, 40, 1500, 16, 9, 10


def quoted(text: str, limit: int) -> str:
    """The text in quotation marks, cut, with what is not printable escaped and nothing else."""
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return f"“{''.join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)}”"


class Unreadable(ValueError):
    """A text that is not one unambiguous expression, with the place and the reason."""

    def __init__(self, reason: str, position: int = 0, text: str = "") -> None:
        super().__init__(reason)
        self.reason, self.position, self.text = reason, position, text

    def __str__(self) -> str:
        if not self.text:
            return self.reason
        return f"{self.reason} (at position {self.position} of {quoted(self.text, 80)})"


def substitute(expr: Expr, values: dict[str, Expr]) -> Expr:
    """Replace variables by expressions, all at once."""
    match expr:
        case Num():
            return expr
        case Var(name):
            return values.get(name, expr)
        case Add(args):
            return Add(tuple(substitute(x, values) for x in args))
        case Mul(args):
            return Mul(tuple(substitute(x, values) for x in args))
        case Neg(arg):
            return Neg(substitute(arg, values))
        case Div(num, den):
            return Div(substitute(num, values), substitute(den, values))
        case Pow(base, exponent):
            return Pow(substitute(base, values), exponent)
        case Root(arg, degree):
            return Root(substitute(arg, values), degree)


def unordered(item: object) -> str:
    """The same text for trees that differ only in the order of sums and products."""
    if isinstance(item, tuple):
        return " ".join(sorted(unordered(x) for x in item))
    fields = getattr(item, "__slots__", None)
    if fields is None or isinstance(item, fmpq | str):
        return str(item)
    return f"{type(item).__name__}({','.join(unordered(getattr(item, f)) for f in fields)})"


_SIGNS = {
    "≥": ">=", "⩾": ">=", "≧": ">=", "≤": "<=", "⩽": "<=", "≦": "<=", "−": "-", "·": "*",
    "×": "*", "⋅": "*", "∙": "*", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "**": "^",
}  # fmt: skip
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
_COMMANDS = {
    "ge": ">=", "geq": ">=", "geqslant": ">=", "gt": ">", "le": "<=", "leq": "<=",
    "leqslant": "<=", "geqq": ">=", "leqq": "<=", "lt": "<",
    "cdot": "*", "times": "*", "ast": "*", "div": "/",
    "frac": "frac", "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "sqrt": "sqrt",
    "left": "", "right": "", "big": "", "Big": "", "bigl": "", "bigr": "", "Bigl": "",
    "Bigr": "", "bigg": "", "Bigg": "", "biggl": "", "biggr": "", "Biggl": "", "Biggr": "",
    "quad": "", "qquad": "", "displaystyle": "", "limits": "", "lbrace": "(", "rbrace": ")",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+|\\[,;:! ]|~|\\hspace\*?\{\d{0,3}\.?\d{1,3} ?(?:cm|mm|pt|em|ex|in)\})"
    r"|(?P<num>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<rel>>=|<=|[<>=≥⩾≧≤⩽≦])"
    r"|(?P<op>\*\*|[-+*/^()\[\]{}−·×⋅∙])"
    r"|\\(?P<big>sum|prod)\s*(?:\\limits\s*)?_\s*(?:\{\s*(?:\\(?:text|mathrm|textrm|rm)\s*)?\{?\s*"
    r"(?P<over>cyc|sym)(?:lic)?\s*\}?\s*\}|(?P<bare>cyc|sym))"
    r"|\\(?P<brace>[{}])"
    r"|\\(?P<cmd>[A-Za-z]+)"
    r"|(?P<root>√|sqrt(?=\s*\())"
    r"|(?P<var>[A-Za-z](?:_(?:\{\d{1,2}\}|\d{1,2}(?!\d)))?)"
    r"|(?P<sup>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<nbsp>[\u00a0\u2009\u202f])",
    re.ASCII,  # a digit is 0-9: other scripts have fours that look like eights
)
_NAME = re.compile(r"[A-Za-z](?:_?\d{1,2}|_\{\d{1,2}\})?")


def variable_keys(variables: Sequence[str]) -> Mapping[str, str]:
    """The declared names under the spelling that the tokeniser yields (``x_1`` for ``x1``)."""
    if not all(isinstance(name, str) for name in variables):
        raise Unreadable("a variable's name must be a text")
    return _variable_keys(tuple(variables))


@lru_cache(maxsize=256)
def _variable_keys(variables: tuple[str, ...]) -> Mapping[str, str]:
    keys: dict[str, str] = {}
    if not 1 <= len(variables) <= MAX_VARIABLES:
        raise Unreadable(f"between 1 and {MAX_VARIABLES} variables must be declared")
    for name in variables:
        if not _NAME.fullmatch(name) or not name.isascii():
            raise Unreadable(f"{name!r} is not a variable name: one letter, or a letter and index")
        digits = re.sub(r"\D", "", name)
        key = f"{name[0]}_{digits}" if digits else name
        if key in keys:
            raise Unreadable(f"the variable {name} is declared twice")
        keys[key] = name
    return keys


# Characters that are a token whatever follows; and after which a name or number may go on.
_PLAIN = frozenset("+-/^()[]{}")
_DIGITS = frozenset("0123456789")
_INDEXING = _DIGITS | {"_", "."}
_SIGNED = frozenset(("op", "rel", "cmd", "end"))


class _Parser:
    def __init__(self, text: str, variables: Sequence[str]) -> None:
        if not isinstance(text, str):
            raise Unreadable(f"expected a text, found {type(text).__name__}")
        if len(text) > MAX_CHARS:
            raise Unreadable(f"longer than {MAX_CHARS} characters", MAX_CHARS, text)
        self.text, self.names = text, variable_keys(variables)
        self.latex, self.depth, self.nodes, self.at = "\\" in text, 0, 0, 0
        self.tokens = self.tokenise()
        self.signs = [v if k in _SIGNED else k for k, v, _ in self.tokens]

    def fail(self, reason: str, position: int | None = None) -> NoReturn:
        where = self.tokens[self.at][2] if position is None else position
        raise Unreadable(reason, where, self.text)

    def tokenise(self) -> list[tuple[str, str, int]]:
        tokens: list[tuple[str, str, int]] = []
        text, at, names = self.text, 0, self.names
        while at < len(text):
            char, following = text[at], text[at + 1 : at + 2]  # most tokens are one character
            if char in _PLAIN or (char == "*" and following != "*"):
                tokens.append(("op", char, at))
                at += 1
                continue
            if following not in _INDEXING:
                kind = "var" if char in names and char != "s" else "num" if char in _DIGITS else ""
                if kind:
                    tokens.append((kind, char, at))
                    at += 1
                    continue
            found = _TOKEN.match(text, at)
            if found is None:
                char = text[at]
                name = unicodedata.name(char, "")
                shown = char if char.isascii() and char.isprintable() else f"U+{ord(char):04X}"
                self.fail(f"the character {shown}{name and f' ({name})'} is not accepted", at)
            kind, value, start = found.lastgroup or "", found.group(), at
            at = found.end()
            if value == "~" and not self.latex:
                self.fail("~ is a space in LaTeX alone", start)
            if kind == "num":
                if len(value) > MAX_DIGITS and sum(c.isdigit() for c in value) > MAX_DIGITS:
                    self.fail(f"a number of more than {MAX_DIGITS} digits", start)
                tokens.append(("num", value, start))
            elif kind in ("rel", "op"):
                tokens.append((kind, _SIGNS.get(value, value), start))
            elif kind in ("over", "bare"):
                tokens.append(("big", f"{found['big']} {found['over'] or found['bare']}", start))
            elif kind == "brace":
                tokens.append(("op", "(" if value == r"\{" else ")", start))
            elif kind == "cmd":
                word = _COMMANDS.get(found["cmd"])
                if word is None:
                    self.fail(f"the command \\{found['cmd'][:20]} is not known", start)
                if word:
                    rel = word[0] in "<>"
                    kind = "rel" if rel else "op" if word in "*/()" else "cmd"
                    tokens.append((kind, word, start))
            elif kind == "var":
                key = re.sub(r"[{}]", "", value) if "{" in value else value
                if self.latex and len(key) > 3 and key == value:
                    self.fail("ambiguous: write _{...} around an index of two digits", start)
                if key == value and f"{key}_{text[at : at + 1]}" in self.names:
                    key, at = f"{key}_{text[at]}", at + 1  # declared as x1, written x1
                if key not in self.names:
                    self.fail(f"{value} is not a declared variable", start)
                tokens.append(("var", self.names[key], start))
            elif kind == "sup":
                digits = "".join(_SUPERSCRIPTS[c] for c in value)
                tokens += [("op", "^", start), ("num", digits, start)]
            elif kind == "root":
                tokens.append(("cmd", "sqrt", start))
        return [*tokens, ("end", "", len(text))]

    def peek(self) -> str:
        return self.signs[self.at]

    def take(self, wanted: str = "") -> str:
        kind, value, _ = self.tokens[self.at]
        if wanted and self.signs[self.at] != wanted:
            self.fail(f"expected {wanted}, found {value or 'the end'}")
        self.at += kind != "end"
        return value

    def make(self, node: Expr, size: int = 1) -> Expr:
        self.nodes += size
        if self.nodes > MAX_NODES:
            self.fail(f"more than {MAX_NODES} nodes")
        return node

    def inside(self, rule: Callable[[], Expr]) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}")
        result = rule()
        self.depth -= 1
        return result

    def chain(self) -> Chain:
        parts = [self.inside(self.sum)]
        ops: list[str] = []
        while self.tokens[self.at][0] == "rel":
            op = self.take()
            if op != "=" and any(o != "=" and o[0] != op[0] for o in ops):
                self.fail("a chain must run one way")
            ops.append(op)
            parts.append(self.inside(self.sum))
        if not ops:
            self.fail("expected a relation such as >=")
        self.end()
        return Chain(tuple(parts), tuple(ops), self.text.strip())

    def end(self) -> None:
        if self.peek():
            self.fail(f"unexpected {self.tokens[self.at][1]}")

    def sum(self) -> Expr:
        terms: list[Expr] = []
        while not terms or self.signs[self.at] in ("+", "-"):
            sign = self.signs[self.at]
            if sign in ("+", "-"):
                self.at += 1
                if self.signs[self.at] in ("+", "-"):
                    self.fail("two signs in a row")
            term = self.product()
            terms.append(self.make(Neg(term)) if sign == "-" else term)
        return terms[0] if len(terms) == 1 else self.make(Add(tuple(terms)))

    def product(self) -> Expr:
        factors, slashed = [self.power()], False
        while True:
            sign = self.signs[self.at]
            if sign == "*":
                self.at += 1
                factors.append(self.power())
                slashed = False
            elif sign == "/":
                self.take()
                left = factors[0] if len(factors) == 1 else self.make(Mul(tuple(factors)))
                factors = [self.make(Div(left, self.power()))]
                slashed = True
            elif sign in ("var", "(", "[", "{", "frac", "sqrt", "big"):
                if slashed:
                    self.fail("ambiguous: what follows a quotient needs brackets or *")
                last, right = factors[-1], self.power()
                quotient = (right.num, right.den) if isinstance(right, Div) else (right,)
                if isinstance(last, Num) and all(isinstance(x, Num) for x in quotient):
                    self.fail("ambiguous: a mixed number or a product")
                factors.append(right)
            elif sign == "num":
                self.fail("ambiguous: a number right after a factor needs * or ^")
            else:
                return factors[0] if len(factors) == 1 else self.make(Mul(tuple(factors)))

    def power(self) -> Expr:
        base = self.atom()
        if self.signs[self.at] != "^":
            return base
        self.at += 1
        where = self.at
        if self.peek() == "num":
            spelled = self.take()
            if self.latex and len(spelled) > 1 and self.text[self.tokens[where][2]].isascii():
                at = self.tokens[where][2]
                self.fail("ambiguous: write ^{...} around an exponent of two digits", at)
            exponent: Expr = Num(fmpq(int(spelled) if spelled.isdigit() else 0))
        elif self.peek() in ("{", "("):
            exponent = self.inside(self.bracket)
        else:
            self.fail("an exponent must be a number")
        if self.peek() == "^":
            self.fail("ambiguous: two exponents in a row")
        negative = isinstance(exponent, Neg)
        value = exponent.arg if isinstance(exponent, Neg) else exponent
        over = 1
        if isinstance(value, Div) and isinstance(value.den, Num) and value.den.value.q == 1:
            over, value = int(value.den.value.p), value.num
        if not isinstance(value, Num) or value.value.q != 1 or value.value == 0:
            self.at = where
            self.fail("an exponent must be a non-zero number")
        if max(int(value.value.p), over) > MAX_EXPONENT or over < 1:
            self.at = where
            self.fail(f"an exponent above {MAX_EXPONENT}")
        if over > 1:
            base = self.make(Root(base, over))
        n = -int(value.value.p) if negative else int(value.value.p)
        return base if n == 1 else self.make(Pow(base, n))

    def bracket(self) -> Expr:
        closing = {"(": ")", "[": "]", "{": "}"}[self.take()]
        result = self.sum()
        self.take(closing)
        return result

    def atom(self) -> Expr:
        sign = self.signs[self.at]
        if sign == "var":
            self.at += 1
            return self.make(Var(self.tokens[self.at - 1][1]))
        if sign == "num":
            whole, _, part = self.take().partition(".")
            return self.make(Num(fmpq(int(whole + part), 10 ** len(part))))
        if sign in ("(", "[", "{"):
            return self.inside(self.bracket)
        if sign == "frac":
            self.take()
            num = self.inside(self.argument)
            return self.make(Div(num, self.inside(self.argument)))
        if sign == "sqrt":
            self.take()
            degree = 2
            if self.peek() == "[":
                self.take()
                spelled = self.take("num")
                degree = int(spelled) if spelled.isdigit() else 0
                self.take("]")
            if not 2 <= degree <= MAX_EXPONENT:
                self.fail(f"a root must have a degree from 2 to {MAX_EXPONENT}")
            return self.make(Root(self.inside(self.argument), degree))
        if sign == "big":
            return self.inside(self.big)
        return self.fail(f"expected a number, a variable or a bracket, not {sign or 'the end'}")

    def argument(self) -> Expr:
        """What LaTeX takes as one argument: a group, one digit or one letter."""
        sign = self.peek()
        command = self.tokens[self.at - 1][1]
        if sign == "{" or (sign == "(" and command == "sqrt"):
            return self.bracket()
        if sign == "num":
            kind, value, where = self.tokens[self.at]
            if len(value) > 1:  # \frac12 is 1/2: give back all but the first digit
                if not value.isdigit() or len(value) > 2 or command != "frac":
                    self.fail("ambiguous: put the argument in braces")
                self.tokens[self.at : self.at + 1] = [
                    (kind, value[0], where), (kind, value[1], where + 1)
                ]  # fmt: skip
                self.signs.insert(self.at, "num")
        if sign not in ("num", "var"):
            self.fail("expected an argument in braces")
        return self.atom()

    def big(self) -> Expr:
        start = self.tokens[self.at][2]
        what, over = self.take().split()
        before = self.nodes
        body = self.product()
        names = list(self.names.values())
        if over == "cyc":
            orders = [names[i:] + names[:i] for i in range(len(names))]
        elif len(names) > 4:
            self.fail("a symmetric sum of more than four variables")
        else:
            orders = [list(order) for order in itertools.permutations(names)]
        size = (self.nodes - before) * (len(orders) - 1) + 1
        self.make(body, size)
        images = tuple(
            substitute(body, {a: Var(b) for a, b in zip(names, order, strict=True)})
            for order in orders
        )
        if over == "sym" and len({unordered(image) for image in images}) < len(images):
            self.fail("ambiguous: a symmetric sum with repeated terms; write it out", start)
        return Add(images) if what == "sum" else Mul(images)


def parse_expr(text: str, variables: Sequence[str]) -> Expr:
    """Read one expression in the declared variables."""
    parser = _Parser(text, variables)
    result = parser.inside(parser.sum)
    parser.end()
    return result


def parse_chain(text: str, variables: Sequence[str]) -> Chain:
    """Read one relation, or a chain such as ``a >= b = c``."""
    return _Parser(text, variables).chain()


def parse_statement(
    variables: Sequence[str], domain: str, given: Sequence[str], goal: str
) -> Statement:
    """Read a statement; raises Unreadable(reason, position, text)."""
    if isinstance(variables, str) or isinstance(given, str):
        raise Unreadable("variables and given must be lists of texts")
    if domain not in DOMAINS:
        raise Unreadable(f"the domain {str(domain)[:40]!r} is none of {', '.join(DOMAINS)}")
    names = tuple(variables)
    variable_keys(names)
    if domain == "triangle" and len(names) != 3:
        raise Unreadable("a triangle has three sides: the domain needs three variables")
    if len(given) > 8:
        raise Unreadable("more than 8 hypotheses")
    hypotheses = tuple(parse_chain(text, names) for text in given)
    return Statement(names, domain, hypotheses, parse_chain(goal, names))


def parse_number(text: object) -> fmpq:
    """An exact number from an int or a text such as "-3/4" or "0.5"; never from a float."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or len(text) > 600 or not text.isascii():
        raise Unreadable("expected an exact number as text")
    body = text.strip()
    sign, body = (-1, body[1:].strip()) if body.startswith("-") else (1, body)
    num, slash, den = body.partition("/")
    whole, dot, part = num.strip().partition(".")
    den = den.strip() if slash else "1"
    if not (whole + part).isdigit() or not den.isdigit() or (dot and not part) or not int(den):
        raise Unreadable(f"{text[:40]!r} is not an exact number")
    return fmpq(sign * int(whole + part), int(den) * 10 ** len(part))
