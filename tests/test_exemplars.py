"""The hand-written bank: every good one proved, every bad one not, and enough variety."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from olympiad_ineq import canonical, exemplars
from olympiad_ineq.data_gen.model import ANSWER_SCHEMA, answer_of
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import TECHNIQUES


def test_the_bank_is_proved_and_varied() -> None:
    """Loading checks every row; here is what the bank covers."""
    rows = exemplars.good()
    assert len(rows) >= 40
    assert min(Counter(row.technique for row in rows).values()) >= 12
    for technique in TECHNIQUES:
        own = [row for row in rows if row.technique == technique]
        assert {row.difficulty for row in own} == {1, 2, 3, 4}
        assert {2, 3, 4} <= {len(row.variables) for row in own}
        assert {bool(row.given) for row in own} == {False, True}
    assert {row.domain for row in rows} == {"positive", "nonnegative", "real", "triangle"}
    texts = {row.text.split()[0] for row in rows}
    assert {"Let", "Prove", "Show", "Suppose", "Given", "For"} <= texts
    assert len({row.name for row in rows}) == len(rows)


def test_no_problem_stands_twice_under_one_technique() -> None:
    keys = Counter(
        (row.technique, canonical.canonical_key(row.variables, row.domain, row.given, row.goal))
        for row in exemplars.good()
    )
    assert max(keys.values()) == 1


def test_a_teacher_that_obeys_its_schema_can_say_every_exemplar() -> None:
    import jsonschema

    for row in exemplars.good():
        jsonschema.validate(json.loads(answer_of(row)), ANSWER_SCHEMA)


def test_bad_ones_have_reasons_and_many_kinds_of_fault() -> None:
    rows = exemplars.bad()
    assert len(rows) >= 12 and all(row.reason for row in rows)
    assert len({row.error for row in rows}) >= 10


@pytest.mark.parametrize(
    ("name", "field", "value", "message"),
    [
        ("good", "goal", "x+1/x >= 3", "states another problem"),
        ("good", "proof", "Clearly $x+\\frac{1}{x} \\ge 2$.", "does not read back"),
        ("good", "text", "Prove it.", "variables|relation"),
        ("bad", "proof", None, "the kernel calls it proved"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(
    tmp_path: Path, name: str, field: str, value: str | None, message: str
) -> None:
    shutil.copytree(exemplars.FOLDER, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    row = json.loads(lines[0])
    if value is None:
        sound = exemplars.good()[2]
        row["text"], value = sound.text, sound.proof
    lines[0] = json.dumps(row | {field: value})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"line 1.*(?:{message})"):
        getattr(exemplars, name)(tmp_path)
