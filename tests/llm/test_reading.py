"""JSON objects in what models say."""

import json

import pytest

from olympiad_ineq.llm.reading import find_object, mend
from olympiad_ineq.records import Json

GOOD: Json = {"goal": "a^2 >= 0", "text": r"Prove that $\frac{a}{b} \ge 0$."}
SPELT = json.dumps(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        SPELT,
        f"Sure! Here it is:\n```json\n{SPELT}\n```\nHope this helps {{:)}}",
        f"```\n{SPELT}```",
        "{not json} " + SPELT + " }}",
        json.dumps(GOOD, indent=4),
        SPELT.replace("\\\\", "\\"),  # backslashes not doubled
        "<think>{}</think>" + SPELT,
        '{"goal": 1} ' + SPELT,  # the last one counts
        "{" * 50 + SPELT,
    ],
)
def test_objects_are_found_however_wrapped(text: str) -> None:
    assert find_object(text, ["goal"]) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "no object",
        "{",
        SPELT[:-1],
        "[1, 2]",
        '{"text": "no goal"}',
        '{"goal": NaN}',
        '{"goal": 1e999}',
        '{"goal": ' + "9" * 5000 + "}",
        '{"goal":' + "[" * 100_000,
        "{" * 100_000,
        '{"goal": "\\u12"',
    ],
)
def test_what_is_no_object_is_none(text: str) -> None:
    assert find_object(text, ["goal"]) is None


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (r"\frac12 \ge \beta", r"\frac12 \ge \beta"),
        (r"\\frac12", r"\frac12"),
        (r"a \leq b \text{ and } \to", r"a \leq b \text{ and } \to"),
        (r"line\nThen \(x\)", "line\nThen \\(x\\)"),
        (r"\\\\frac", r"\\frac"),
        (r"\u00e9 \u1", "é \\u1"),
        (r"say \"x\" \\", 'say "x" \\'),
        (r"\theta\times\triangle", r"\theta\times\triangle"),
        (r"tab\tb", "tab\tb"),
    ],
)
def test_latex_survives_json(raw: str, meant: str) -> None:
    assert json.loads(f'"{mend(raw)}"') == meant
