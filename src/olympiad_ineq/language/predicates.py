"""What words alone say of the mathematics: "both variables are one", "the inequality is symmetric".

Such words are a claim without a relation. Those that can be shown are handed on to be shown; of the
others only forms that say nothing of values pass ("this is true", "it is obtained by adding").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .words import harmless

_ADVERB = (
    r"(?:(?:also|now|then|thus|therefore|hence|clearly|obviously|evidently|indeed|again|always|all"
    r"|both|each|exactly|precisely|simply|just|easily|immediately|directly|hereby|already|finally"
    r"|true as well|in fact|well|trivially|\0(?= is)) )*"
)
_SAYING = (  # what may be said of a statement, a step or a method
    r"(?:true|valid|obvious|clear|evident|trivial|immediate|done|proved|proven|shown|established"
    r"|complete|finished|known|classical|standard|useful|simple|easy|elementary|enough|basic|famous"
    r"|straightforward|nice|well[- ]known|equivalent|given|written|rewritten|chosen|split|set"
    r"|sufficient|desired|required|wanted|claimed|\w{3,}ed|to|that|this|these|here|how|what|by"
    r"|from|because|since|due|symmetric(?:al)?|cyclic|homogeneous|(?:strictly )?positive|real|reals"
    r"|non-?negative|non negative|convex|concave)\b"
    r"|(?:the|our|an?|one)"
    r"(?: (?!(?:of|in|for|on|to|sides?|sum|product|the)\b)\w+(?:[-–]\w+)?){0,3}?"
    r" (?:inequality|result|claim|conclusion"
    r"|statement|goal|idea|trick|consequence|application|instance|corollary|form|version|lemma"
    r"|theorem|thing|fact|proof|solution|way|approach|method|step|argument)\b"
    r"|(?:am|cauchy|titu|jensen|schur)\b"
    r"|(?:an? |the |in fact )?(?:perfect |complete )?(?:squares?|sums? of (?:\w+ ){0,2}squares)\b"
    r"|the same(?: as)?(?= (?:\0|proving|showing|saying))"
)
_COPULA = re.compile(r"\b(?:is|are|be|being|was|were|equals?)\b(?: |$)", re.IGNORECASE)
_COMPLEMENT = re.compile(rf"{_ADVERB}(?:{_SAYING}|[,;:.)]|$)", re.IGNORECASE)
_HAVING = re.compile(
    r"\b(?:sides?|variables|numbers|terms|factors|fractions|\0) (?:both |all )?(?:has|have|cancels?"
    r"|agree)\b(?! been| the form)|\b(?:holds?|valid|true) (?:as|with) (?:an? )?(?:equation|equalit"
    r"|identit)\w*|\bequations? holds?\b|\bas (?:equations|equalities|identities)\b"
    r"|\b(?:let|take|put|set|choose)\b(?! us)[^\0]*\b(?:variables?|sum|product|sides?|numbers)\b"
    r"|(?:\b(?:variables|sides|numbers|two)|\0) (?:being )?the same\b"
    r"|\bholds? for (?:one|two|three)\b"
    r"|\b(?:sum|product) of both sides\b|\b(?:first|second|third|last) variable\b"
    r"|\b(?:inequality|statement|expression|problem) has"
    r"(?! been| the form)\b",
    re.IGNORECASE,
)
_VALUE = r"(?:\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|half)"
_ONE_SIDE = re.compile(
    r"\b(?:doubling|halving|multiply\w*|dividing|divide|squaring|adding|subtracting)\b[^\0.;]{0,40}"
    r"\b(?:left|right)(?:[- ]hand)? side\b", re.IGNORECASE
)  # fmt: skip


def predicate(words: str, relations: Sequence[bool]) -> str:
    """The first claim in these words that is neither read nor empty; nothing where there is none.

    `relations` says which of the sentence's formulas are relations: one of these after a copula is
    what the sentence states.
    """
    plain = " ".join(harmless(" ".join(words.split())).split())
    for copula in _COPULA.finditer(plain):
        rest = plain[copula.end() :]
        stated = re.match(rf"{_ADVERB}(?:\(?\d*\)? )?\0", rest)
        count = plain[: copula.end()].count("\0")
        if stated and (plain.count("\0") != len(relations) or relations[count]):
            continue
        if not _COMPLEMENT.match(rest):
            return plain[max(0, copula.start() - 30) : copula.end() + 30]
    found = _HAVING.search(plain) or _ONE_SIDE.search(plain)
    return found[0] if found else ""


# -- numbers --------------------------------------------------------------------------------------

COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
          "nine": 9, "ten": 10}  # fmt: skip
_SCALED = re.compile(
    r"(?P<before>\b(?:divid|multipl)\w*\b[^\0.;]{0,40}?\bby |\bdegree )"
    rf"(?P<number>one|{'|'.join(COUNTS)})\b", re.IGNORECASE
)  # fmt: skip
_ADDED = re.compile(
    rf"(?P<before>\b(?:add|subtract)\w* )(?P<number>one|{'|'.join(COUNTS)})(?= (?:to|from)\b)",
    re.IGNORECASE,
)
_THINGS = (
    r"(?:inequalit\w+|results|relations|estimates|equations|identities|sides|terms?|fractions"
    r"|numbers|variables|factors|brackets|facts|squares|quantities|steps|expressions|cases|parts"
    r"|times|bounds|things|products|sums|differences|reals|conditions|positive|non-?negative)"
)
_HALVING = re.compile(r"\bhalving both sides\b", re.IGNORECASE)
_DOUBLING = re.compile(r"\bdoubling both sides\b", re.IGNORECASE)
_COUNTED = re.compile(  # a number of things, or a name with a number
    r"\b(?:steps?|cases?|condition|degree|problem|lemma|claim|imo|inequality|equation)s?\s+\d+"
    r"(?:\s*(?:,\s*and|,|and|&)\s*\d+)*|\(\d{1,3}\)|\bt2\b"
    rf"|\b{_VALUE}(?: (?!for|of|in|on|to|as|by|with|and|from|at|over)\w+){{0,2}}? {_THINGS}\b"
    rf"|\b(?:all|these|those|the|other|last|first|any|for) {_VALUE}"
    r"(?=\s*(?:[,.;:)]|$| (?:and|we|to|gives?|yields?|together|up|of|hold|are|by|in|separately"
    r"|above)\b))",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:one (?:can|may|has|gets?|obtains?|finds?|sees?|needs?|by|of|or|side|another|more|step"
    r"|variable|term|fraction|number|factor|inequality|line|application)"
    r"|(?:each|this|last|first|second|third|other|the|desired|only|required|every|any|original"
    r"|which) one)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"(?<![\w(]){_VALUE}(?![\w)])|\d+|\b(?:thrice|tripl\w+)\b", re.IGNORECASE)


def in_digits(words: str) -> str:
    """ "dividing by two", "of degree five", "adding one to both sides": with digits."""
    values = {"one": "1", **{word: str(number) for word, number in COUNTS.items()}}

    def digits(match: re.Match[str]) -> str:
        return match["before"] + values[match["number"].lower()]

    words = _HALVING.sub("dividing both sides by 2", words)
    words = _DOUBLING.sub("multiplying both sides by 2", words)
    return _ADDED.sub(digits, _SCALED.sub(digits, words))


def number(words: str) -> str:
    """The first number that counts nothing and names nothing; nothing where there is none."""
    rest = _PRONOUN.sub(" ", _COUNTED.sub(" ", " ".join(words.split())))
    found = _NUMBER.search(rest)
    return found[0] if found else ""


_UNFINISHED = re.compile(
    r"(?<!what )(?<!which )(?<!as )\b(?:is|are|remains?)(?: still| yet)? to be\b"
    r"|\bto be (?:completed|continued|finished|done|filled in)\b|\bdone for\b",
    re.IGNORECASE,
)


def unfinished(words: str) -> str:
    """Words that leave something to be done ("to be completed"), "what was to be shown" not."""
    found = _UNFINISHED.search(" ".join(words.split()))
    return found[0] if found else ""


# -- the goal as a reason -------------------------------------------------------------------------

_GOAL = re.compile(
    r"\b(?:from|by|using|since|as|because)"
    r" (?:what (?:we (?:want|need|wish|have) to|is to be) (?:show|prov)|our (?:inequality|result)"
    r"|(?:the|our|this) (?:inequality|result|statement|problem) (?:is|being)"
    r" (?:true|valid|known|proved|proven|shown|correct))"
    r"|\bfollows? (?:from|by) (?:itself|themselves)\b"
    r"|\b(?:from|by|using|use|since|as|because|know|given|with|thanks to|due to|apply|applying)"
    r" (?:that )?(?:twice |half )?(?:the|our|this)"
    r" (?:(?:(?:desired|required|claimed|wanted|original|stated|given) (?:inequality|result|claim"
    r"|conclusion|statement|estimate|bound)|claim|problem|goal|conclusion|statement)\b"
    r"|(?:inequality|result) (?:to (?:be )?(?:prov|show)\w*|in the problem|we (?:want|wish|need)))"
    r"(?!'s| of| is (?:symmetric|cyclic|homogeneous|equivalent|the same)"
    r"| (?:follows|we have|can be|reduces|becomes))",
    re.IGNORECASE,
)


def circular(words: str) -> str:
    """Words that give what is to be shown as a reason."""
    found = _GOAL.search(" ".join(words.split()))
    return found[0] if found else ""


# -- what can be shown ----------------------------------------------------------------------------

_SHAPED = r"(?:symmetric(?:al)?|cyclic|homogeneous)"
_SHAPE = re.compile(
    rf"\b(?:is|are|being) (?:also |clearly |both )?(?P<shapes>{_SHAPED}(?:,? (?:and )?{_SHAPED})*)"
    r"(?: of degree (?P<degree>\d))?",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"\b(?:(?P<of>variables|numbers|letters|everything|sides|terms?)(?: of the inequality| involved"
    r"| here|(?: (?:on|in|of) the (?P<part>left|right)(?:[- ]hand)? side)"
    r"| (?:on|in) [\w -]{1,20}?)?|(?:each|every) side|the (?P<side>left|right)(?:[- ]hand)? side)"
    r" (?:is|are|being) (?:all |both |also |clearly )*(?:strictly )?"
    r"(?P<sign>positive|non-?negative)",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\b(?:for|hold\w*) (?:for )?(?:all|any|every|each|arbitrary)"
    r"(?: (?:positive|non-?negative|real))*"
    r"(?: (?:numbers?|reals?|values?|variables))*", re.IGNORECASE
)  # fmt: skip


def shapes(words: str) -> list[str]:
    """ "symmetric", "cyclic", "homogeneous", "homogeneous 3": what is said of the goal."""
    found = []
    for match in _SHAPE.finditer(" ".join(words.split())):
        for name in re.findall(_SHAPED, match["shapes"], re.IGNORECASE):
            kind = "symmetric" if name.lower().startswith("sym") else name.lower()
            of = match["degree"] if kind == "homogeneous" and match["degree"] else ""
            found.append(f"{kind} {of}".strip())
    return found


def signed(words: str) -> tuple[str, str] | None:
    """Of what a sign is said ("variables", "sides", "right terms"), and which: ">" or ">="."""
    found = _SIGNED.search(" ".join(words.split()))
    if found is None:
        return None
    sign = ">" if found["sign"].lower() == "positive" else ">="
    of = (found["of"] or "sides").lower()
    if of not in ("sides", "term", "terms"):
        return "variables", sign
    which = (found["part"] or found["side"] or "").lower()
    return f"{which} {'sides' if of == 'sides' else 'terms'}".strip(), sign


def over_reals(words: str, relations: bool) -> bool:
    """ "for all real numbers $a$, $b$", "it holds for all reals"; of a relation, without a name."""
    plain = " ".join(words.split())
    for found in _RANGE.finditer(plain):
        real = re.search(r"\breals?\b", found[0], re.IGNORECASE)
        bounded = re.search(r"positive|negative", found[0], re.IGNORECASE)
        named = re.match(r"\s*\0", plain[found.end() :]) or found[0].lower().startswith("hold")
        held = re.search(r"\bholds?\s*$", plain[: found.start()], re.IGNORECASE)
        if real and not bounded and (relations or named or held):
            return True
    return False
