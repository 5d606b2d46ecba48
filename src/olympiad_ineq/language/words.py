"""The words that a step may be made of: a word that is not here may change its sense.

"By AM-GM, X" is a step; "It is doubtful that, by AM-GM, X" is none, and no list of words that deny
is ever complete. So a step is followed only where each of its words is known to leave the sense
as it is: what is not known is reported, and no text with such a sentence is proved. A sentence
without a relation is a remark, which is no step. It may use more words (`remark`). What is not
known there leaves a reason unmatched; what takes a step back, narrows it or leaves it out
(`doubtful`) counts as in a step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .segments import vocabulary

KNOWN = vocabulary(
    # articles, pronouns, prepositions, copulas
    "a an the this that these those it its they them their we our us one both each every any all "
    "which what here of in on to by with for from into as at over per and or so is are be being "
    "was were has have having also too "
    # connectives
    "but however everything completing quantity quantities original clear "
    "since because hence thus therefore then consequently accordingly finally first firstly "
    "second secondly third thirdly fourth next now again lastly moreover furthermore similarly "
    "likewise analogously clearly obviously obvious evidently indeed namely i e ie note notice "
    "observe recall together directly direct immediately easily simply exactly identically due "
    "thanks way same after before above below following previous last latter former before "
    # what a proof does
    "get gets obtain obtains give gives giving given have yield yields yielding follow follows "
    "imply implies conclude concludes conclusion conclusions deduce derive derived see show "
    "shows shown prove proves proved proven proving establish established complete completes "
    "completed finish finishes finished start begin use uses using used apply applies applied "
    "applying application consider considering write writing rewrite rewriting rewritten "
    "rearrange rearranging rearranged reorder simplify simplifies simplifying simplification "
    "expand expands expanding expanded expansion factor factors factoring factorise factorize "
    "factored compute computing calculate know known squaring halving weighted sign signs bracket "
    "brackets add adding added addition sum sums summing summation combine combining combined "
    "multiply multiplying multiplied multiplication scale scaling taking take collecting "
    "collect moving substitute substituting replacing replace permuting permute cancel "
    "cancelling canceling bring bringing becomes become gathering grouping group chain chaining "
    "chained transitivity can want need suffices suffice enough wish must remains desired "
    "required claimed true valid hold holds held done qed proof solution answer equivalent "
    "equivalently equation equations side sides hand expression expressions left right lhs rhs "
    "find finds arrive arrives reach reaches move iff reduces reduce "
    "up out both inequality inequalities estimate estimates bound bounds result results "
    "relation relations identity identities equality step steps part parts term terms numerator "
    "denominator fraction fractions number numbers real reals variable variables value values "
    "fact facts statement problem goal lemma theorem method technique idea form condition "
    "constraint hypothesis order symmetry symmetric symmetrically cyclic cyclically permutation "
    "permutations square squares perfect weight weights degree product products times divide "
    "divides dividing divided division two three four five six twice double half function "
    "functions vector vectors sequence sequences tuple tuples pair pairs list inequality's "
    "themselves itself positive nonnegative arithmetic geometric mean means well basic "
    "classical famous standard useful simple elementary wanted claim where respectively "
)
# The names of what is a rule here. Another theorem's name is no reason.
_NAMES = vocabulary(
    "textbf textit emph noindent "
    "am gm hm amgm cauchy schwarz schwarz's cauchy's bunyakovsky cs cbs titu titu's engel engel's "
    "sedrakyan sedrakyan's bergstrom bergström bergstrom's t2 jensen jensen's schur schur's"
)
_PHRASES = re.compile(  # words that are harmless together, and alone are not
    r"\bnon[- ]negative\b|\b(?:is|are|cannot be|can not be) (?:never|not) negative\b"
    r"|\bcannot be negative\b|\bis always (?:true|non-?negative|positive)\b|\bnever negative\b"
    r"|\b(?:consider|consider the|take the) difference\b"
    r"|\bsubtract(?:ing)?\s+\0\s+from both sides\b"
    r"|\bdifference (?:between|of) (?:the )?(?:left|right|both|two|sides|lhs)\b"
    r"|\b(?:side|term|square)s? by (?:side|term)\b"
    r"|\bon the other hand\b|\b(?:is|are) the same as\b"
    r"|\bwe may (?=(?:also )?(?:add|sum|multiply|divide|apply|use|write|rewrite|take|square)\b)"
    r"|\bwithout loss of generality\b|\bif and only if\b|\blet us\b|\blet's\b",
    re.IGNORECASE,
)
_ODD = re.compile(r"[^\w\s\0.,:;()\[\]{}'’‘“”\"`!*#&|/=$\\<>+–—−∎□■∴-]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?", re.UNICODE)


# What remarks are made of besides: the parts of expressions, and what is done with them.
_REMARKS = vocabulary(
    "average averages belongs belong coefficient coefficients constant constants denominators "
    "numerators doubling eight seven nine ten eighth exponent exponents lets let line lines linear "
    "makes make occurs occur paired power powers quadratic quadratics cubic quarter third small "
    "solve system turns turn whose written homogeneous "
    "polynomial polynomials root roots cube cubes "
    "appears trick choose chosen split splits idea help helps work works strategy plan "
    "observation argument will "
    "approach common denominators reciprocals reciprocal pairwise separately times "
    "difference differences quotient quotients ratio ratios inverse inverses key proceed "
    "follows straightforward simple nice beautiful convenient convenience notation"
)
DENY = re.compile(
    r"\b(not|false|fails?|never|impossible|wrong|incorrect|cannot|doesn't|isn't|no longer)\b",
    re.IGNORECASE,
)


def harmless(words: str) -> str:
    """The words without the phrases that are harmless together."""
    return _PHRASES.sub(" ", words)


def remark(words: str, names: Sequence[str] = ()) -> str:
    """The first word in a remark that is not understood; nothing where all are."""
    for match in _WORD.finditer(_PHRASES.sub(" ", words)):
        word = match[0].lower().replace("’", "'")
        if word not in KNOWN | _NAMES | _REMARKS and match[0] not in names:
            return match[0]
    return ""


_DOUBTFUL = re.compile(
    r"\b(?:not|no|nor|never|neither|none|nobody|nothing|\w+n['’]t|false|fails?|failed|failing|wrong\w*"
    r"|incorrect\w*|invalid|untrue|unproved|unproven|incomplete|impossible|cannot|mistakes?|errors?"
    r"|gaps?|counter\w*|contra\w+|converse\w*|opposite|reverse\w*|assum\w+|suppos\w+|hypothetical\w*"
    r"|only|just|unless|except\w*|without|some|certain|exists?|there|integers?|natural|rationals?"
    r"|odd|even|primes?|least|most|greater|greatest|less|larger|largest|smaller|smallest|exceeds?"
    r"|minimum|maximum|strict\w*|different|distinct|equal|negative|derivatives?|increasing|decreasing|convex|concave"
    r"|omit\w*|skip\w*|ignor\w+|readers?|exercise|remaining|remains|cases?|treat\w*|rest|later"
    r"|conjectur\w+|doubt\w*|unclear|perhaps|probably|maybe|guess\w*|believe\w*|hope\w*|induction|retract\w*|withdraw\w*|un\w*(?:ed|sound)|refut\w+|restrict\w*|circular|complex|matri\w+|whole|nonsense|flaw\w*|todo|needs|continued|seems?"
    r"|appears?|likely|presumably|almost|nearly|approximately|roughly|about|if|when|whenever|whether"
    r"|provided|otherwise|might|could|would|should|may|dis\w+proof|disprove\w*|disproof)\b",
    re.IGNORECASE,
)


def doubtful(words: str) -> str:
    """The first word in a remark that may take a step back, narrow it or leave it out."""
    rest = _PHRASES.sub(" ", words)
    found = _DOUBTFUL.search(rest) or _ODD.search(rest)
    return found[0] if found else ""


def unknown(words: str, names: Sequence[str] = ()) -> str:
    """The first word that may change the sense of a sentence; nothing where all are known."""
    for match in _WORD.finditer(_PHRASES.sub(" ", words)):
        word = match[0].lower().replace("’", "'")
        if word not in KNOWN and word not in _NAMES and match[0] not in names:
            return match[0]
    odd = _ODD.search(words)
    return odd[0] if odd else ""
