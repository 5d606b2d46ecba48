"""Other test sets than the split's: the classics that come with the project, public sets, your own.

A public set is not part of the project: its file is read where it is present, and where it is not,
one line says what to fetch. A problem that cannot be stated in our language is left out, counted
and named with the reason; none is altered to fit.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from olympiad_ineq import prompts
from olympiad_ineq.artifacts import read_jsonl
from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.records import Classic, Example, Problem, Proof, Source, Technique, content_id
from olympiad_ineq.settings import SET_KINDS

CLASSICS = Path(__file__).resolve().parents[3] / "config" / "benchmarks" / "classics.jsonl"


@dataclass
class Loaded:
    """The problems of a set that could be read, and why the others could not: (name, reason)."""

    examples: list[Example] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def classics(path: Path = CLASSICS) -> list[Classic]:
    """The classics, in the file's order.

    Raises:
        UserError: the file is missing or damaged.
    """
    return list(read_jsonl(path, Classic))


def classic_examples(path: Path = CLASSICS) -> list[Example]:
    """The classics as a test set. They have no proof in prose, so a judge sees no reference."""
    return [
        _example(
            Problem(
                text=one.text,
                variables=one.variables,
                domain=one.domain,
                given=one.given,
                goal=one.goal,
                technique=one.technique,
                difficulty=one.difficulty,
            ),
            source="classics",
            name=one.id,
        )
        for one in classics(path)
    ]


def _classics(path: Path) -> Loaded:
    return Loaded(classic_examples(path))


def ineqmath(path: Path) -> Loaded:
    """Problems of IneqMath (AI4Math/IneqMath, json/*.json) with the answer put in.

    That is the constant for C in a bound problem, and the sign for the blank in a relation problem.
    """
    return _loaded(path, SET_KINDS["ineqmath"], _json_rows, _ineqmath_text)


def lean_ineq_comp(path: Path) -> Loaded:
    """Statements of LeanIneqComp: Lean theorems over the reals.

    In its benchmark/*.jsonl (haoyuzhao123/LeanIneqComp; `formal_statement`) or a .lean file.
    """
    return _loaded(path, SET_KINDS["lean_ineq_comp"], _lean_theorems, _lean_text)


def own(path: Path) -> Loaded:
    """Your own JSON Lines: {"text": a problem in words, and "id" if you like}."""
    return _loaded(path, SET_KINDS["own"], _json_lines, lambda row: str(row["text"]))


Rows = Callable[[str], Iterator[tuple[str, Any]]]


def _loaded(path: Path, what: str, rows: Rows, text_of: Callable[[Any], str]) -> Loaded:
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            str(path),
            f"there is no such file; it should be {what}",
            "fetch it, or correct the path",
        ) from None
    except OSError as error:
        raise from_os_error(error, path) from error
    found = Loaded()
    try:
        listed = list(rows(content))
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(str(path), f"it is not {what} ({error})", "fetch it again") from error
    for name, row in listed:
        try:
            text = text_of(row)
            read = read_problem(text)
            problem = Problem(
                text=text,
                variables=read.variables,
                domain=read.domain,  # type: ignore[arg-type]
                given=read.given,
                goal=read.goal,
                technique=_technique(text),
                difficulty=4,
            )
            found.examples.append(_example(problem, source=path.stem, name=name))
        except (Unreadable, ValueError, KeyError, TypeError) as error:
            found.left_out.append((name, str(error)[:200] or type(error).__name__))
    return found


def _example(problem: Problem, *, source: str, name: str) -> Example:
    key = canonical_key(problem.variables, problem.domain, problem.given, problem.goal)
    return Example(
        id=content_id(source, problem.model_dump(mode="json")),
        prompt=prompts.prompt(problem.text),
        completion="",
        grade="open",
        technique=problem.technique,
        difficulty=problem.difficulty,
        family=f"{source} {name}",
        canonical_key=key,
        problem=problem,
        proof=Proof(text=""),
        evidence={},
        source=Source(kind="benchmark", name=source, family=name),
    )


def _technique(text: str) -> Technique:
    """A public set names no technique of ours; fractions mostly want Cauchy-Schwarz."""
    return "cauchy" if r"\frac" in text or "/" in text else "sos"


def _json_rows(content: str) -> Iterator[tuple[str, Any]]:
    rows = json.loads(content)
    for number, row in enumerate(rows.values() if isinstance(rows, dict) else rows, 1):
        yield str(row.get("data_id", number)), row


def _json_lines(content: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            row = json.loads(line)
            yield str(row.get("id", f"line {number}")), row


_CONSTANT = re.compile(r"(?<![A-Za-z\\])C(?![A-Za-z])")


# "Consider the following expressions: $$ L \\quad () \\quad R $$ Determine the correct ..."
_BLANK = re.compile(
    r"Consider the following (?:expressions?|inequalit(?:y|ies)):\s*"
    r"(\$\$?)(?P<left>[^$]*?)(?:\\quad\s*)*\(\s*\)(?:\s*\\quad)*(?P<right>[^$]*?)\1"
    r"\s*Determine the correct inequality relation\b"
)
_SIGN = re.compile(r"\([A-E]\)\s*\$(\\leq|\\geq|=|<|>)\$")


def _ineqmath_text(row: Any) -> str:
    kinds = {"bound": _ineqmath_bound, "relation": _ineqmath_relation}
    if row.get("type") not in kinds:
        raise ValueError(f"a problem of type {row.get('type')!r} states no inequality to prove")
    return kinds[row["type"]](row)


def _ineqmath_relation(row: Any) -> str:
    problem = str(row["problem"])
    sign = _SIGN.fullmatch(str(row.get("answer", "")).strip())
    if sign is None:
        raise ValueError("its answer does not name a sign")
    blank = _BLANK.search(problem)
    if blank is None or problem.count("()") != 1:
        raise ValueError("it has no single blank between two expressions")
    left, right = blank["left"].strip(), blank["right"].strip().rstrip(" .,")
    return f"{problem[: blank.start()]}Prove that ${left} {sign[1]} {right}$."


def _ineqmath_bound(row: Any) -> str:
    answer = re.fullmatch(r"\$?\s*C\s*=\s*(.+?)\s*\$?\.?", str(row.get("answer", "")))
    if answer is None:
        raise ValueError("its answer does not say C = ...")
    problem = str(row["problem"])
    ask = re.search(r"(Determine|Find)\b.*?\bconstant\s+\$?C\$?", problem, re.DOTALL)
    if ask is None:
        raise ValueError("it does not ask for a constant C")
    text = problem[: ask.start()] + "Prove" + problem[ask.end() :]
    value = answer[1].replace("\\", r"\\")
    return _CONSTANT.sub(rf"\\left({value}\\right)", text)


_THEOREM = re.compile(r"\b(?:theorem|lemma|example)\s+(\S+)\s*(.*?):=", re.DOTALL)


def _lean_theorems(content: str) -> Iterator[tuple[str, Any]]:
    if content.lstrip().startswith("{"):
        lines = [json.loads(line) for line in content.splitlines() if line.strip()]
        content = "\n".join(str(row["formal_statement"]) for row in lines)
    found = list(_THEOREM.finditer(content))
    if not found:
        raise ValueError("no theorem in it")
    for match in found:
        yield match[1], match[2]


_INVERSE = re.compile(r"\(\s*(\d+)⁻¹\s*:\s*ℝ\s*\)")  # (3⁻¹ : ℝ)
_NUMERAL = re.compile(r"\(\s*(\d+)\s*:\s*ℝ\s*\)")  # (2 : ℝ)
_NATURAL = re.compile(r"\^\s*\([^():]*/[^():]*\)")
_BINDER = re.compile(r"\(([^():]+):([^()]*(?:\([^()]*\)[^()]*)*)\)")


def _lean_text(signature: Any) -> str:
    """A Lean signature as a problem in words: "(a b : ℝ) (ha : 0 < a) : goal".

    Raises:
        ValueError: an exponent such as (1 / 2), which Lean takes for the natural number 0.
    """
    if _NATURAL.search(signature):
        raise ValueError("an exponent with a division of natural numbers")
    signature = _NUMERAL.sub(r"\1", _INVERSE.sub(r"(1/\1)", signature))
    binders = list(_BINDER.finditer(signature))
    last = 0
    names: list[str] = []
    given: list[str] = []
    positive: set[str] = set()
    for match in binders:
        if signature[last : match.start()].strip():
            break
        last = match.end()
        kind = match[2].strip()
        if kind in ("ℝ", "Real"):
            names += match[1].split()
            continue
        for part in re.split(r"∧", kind):
            bound = re.fullmatch(r"\s*(?:0\s*<\s*(\w+)|(\w+)\s*>\s*0)\s*", part)
            if bound:
                positive.add(bound[1] or bound[2])
            else:
                given.append(part.strip())
    if not names:
        raise ValueError("it declares no real numbers")
    goal = signature[last:].strip().removeprefix(":").strip()
    # all positive is a domain; some positive are hypotheses
    domain = "positive real numbers" if positive == set(names) else "real numbers"
    if domain == "real numbers":
        given += [f"{name} > 0" for name in sorted(positive)]
    plain = [_plain(part) for part in (*given, goal)]
    conditions = f" with ${'$ and $'.join(plain[:-1])}$" if given else ""
    return f"Let ${', '.join(names)}$ be {domain}{conditions}. Prove that ${plain[-1]}$."


def _plain(text: str) -> str:
    text = re.sub(r"√\s*(\w+)", r"sqrt(\1)", text)
    for symbol, ours in (("≥", ">="), ("≤", "<="), ("√", "sqrt "), ("Real.sqrt", "sqrt")):
        text = text.replace(symbol, ours)
    return " ".join(re.sub(r"sqrt\s+(?=\()", "sqrt", text).split())


# by the kind that a config names (`eval.sets`), and the classics
LOADERS: dict[str, Callable[[Path], Loaded]] = {
    "classics": _classics,
    "ineqmath": ineqmath,
    "lean_ineq_comp": lean_ineq_comp,
    "own": own,
}
