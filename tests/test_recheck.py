"""`recheck` on every form of file that it takes, honest and tampered with."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq import artifacts, prompts
from olympiad_ineq.cli import run
from olympiad_ineq.data_gen.candidates import symbolic_candidates
from olympiad_ineq.errors import UserError
from olympiad_ineq.record_check import check_record
from olympiad_ineq.records import TECHNIQUES, Candidate, Example, Problem, Proof, Verdict
from olympiad_ineq.settings import DataGen
from olympiad_ineq.verify import check_candidate

Fields = dict[str, Any]


def rechecked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = run(["recheck", str(path), "--workers", "1"])
    return status, capsys.readouterr().out


@pytest.fixture(scope="module")
def proved() -> list[Candidate]:
    source = DataGen(symbolic=8, techniques=TECHNIQUES, variables=(2, 3), difficulties=(1, 2))
    return symbolic_candidates(source, 3)[0]


def example(candidate: Candidate) -> Example:
    problem = candidate.problem
    return Example(
        id=candidate.id, prompt=prompts.prompt(problem.text), completion=candidate.proof.text,
        grade="proved", technique=problem.technique, difficulty=problem.difficulty, family="f",
        canonical_key="k", problem=problem, proof=candidate.proof, evidence={},
        source=candidate.source,
    )  # fmt: skip


def again(candidate: Candidate, **problem: object) -> Candidate:
    """The candidate with another problem and the id that belongs to it."""
    changed = Problem.model_validate({**candidate.problem.model_dump(), **problem})
    return Candidate.make(changed, candidate.proof, candidate.source)


def stronger(goal: str) -> str:
    left, right = goal.split(" >= ")
    return f"{left} >= 1.0001*({right})+1"


def test_candidates(
    proved: list[Candidate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "candidates.jsonl"
    artifacts.write_jsonl(path, proved)
    assert rechecked(path, capsys)[0] == 0
    one = proved[0]
    broken = {**one.proof.steps[-1], "claim": "0 >= 1"}
    for bad in (
        again(one, goal=stronger(one.problem.goal)),
        one.model_copy(update={"id": "0" * len(one.id)}),
        Candidate.make(one.problem, Proof(text=one.proof.text, steps=(broken,)), one.source),
        Candidate.make(one.problem, Proof(text="Obvious.", steps=one.proof.steps), one.source),
    ):
        artifacts.write_jsonl(path, [*proved[1:], bad])
        status, said = rechecked(path, capsys)
        assert status == 1 and "1 failed" in said, said


def test_verdicts_beside_their_candidates(
    proved: list[Candidate], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data_gen").mkdir()
    (tmp_path / "verify").mkdir()
    held = tmp_path / "data_gen" / "candidates.jsonl"
    path = tmp_path / "verify" / "verdicts.jsonl"
    bad = again(proved[0], goal=stronger(proved[0].problem.goal))
    verdicts = [check_candidate(c) for c in (*proved, bad)]
    assert [v.grade == "proved" for v in verdicts] == [True] * len(proved) + [False]
    artifacts.write_jsonl(held, [*proved, bad])
    artifacts.write_jsonl(path, verdicts)
    assert rechecked(path, capsys)[0] == 0
    raised = verdicts[-1].model_copy(update={"grade": "proved"})
    artifacts.write_jsonl(path, [*verdicts[:-1], Verdict.model_validate(raised.model_dump())])
    status, said = rechecked(path, capsys)
    assert status == 1 and "claimed proved" in said


@pytest.mark.parametrize(
    "tamper",
    [
        lambda e: {"completion": e.completion + " "},
        lambda e: {"prompt": e.prompt.replace("a", "b", 1)},
        lambda e: {"id": "0" * len(e.id)},
        lambda e: {"problem": again_problem(e, stronger(e.problem.goal))},
        lambda e: {"grade": "supported"},
    ],
)
def test_parquet_of_examples(
    tamper: Callable[[Example], Fields], proved: list[Candidate], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "train.parquet"
    rows = [example(c) for c in proved]
    artifacts.write_parquet(path, rows, Example)
    status, said = rechecked(path, capsys)
    assert status == 0 and f"{len(rows)} rows" in said, said
    rows[-1] = rows[-1].model_copy(update=tamper(rows[-1]))
    artifacts.write_parquet(path, rows, Example)
    status, said = rechecked(path, capsys)
    assert status == 1 and "1 failed" in said, said


def again_problem(row: Example, goal: str) -> Problem:
    return Problem.model_validate({**row.problem.model_dump(), "goal": goal})


CERTIFIED: Fields = {
    "id": "c", "variables": ["a", "b", "c"], "domain": "positive", "given": ["a*b*c = 1"],
    "goal": "a^2+b^2+c^2 >= a+b+c",
}  # fmt: skip


def texts(certificate: Any, change: Callable[[str], str]) -> list[Any]:
    """The certificate with one of its texts changed, for each of them."""
    if isinstance(certificate, str):
        return [change(certificate)]
    if isinstance(certificate, dict):
        keep = [k for k in certificate if k != "kind"]
        return [{**certificate, k: v} for k in keep for v in texts(certificate[k], change)]
    if isinstance(certificate, list):
        return [
            [*certificate[:i], v, *certificate[i + 1 :]]
            for i, item in enumerate(certificate) for v in texts(item, change)
        ]  # fmt: skip
    return []


@pytest.mark.parametrize(
    "problem",
    [CERTIFIED, {**CERTIFIED, "given": [], "goal": "a^4+b^4+c^4 >= a*b*c*(a+b+c)"},
     {**CERTIFIED, "domain": "real", "given": [], "goal": "a^2+b^2+c^2 >= a*b+b*c+c*a"}],
)  # fmt: skip
def test_a_certificate_with_any_text_changed(
    problem: Fields, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = check_record((json.dumps(problem).encode(), 2.0))
    assert row["statement"] == "proved"
    bad = texts(row["certificate"], lambda text: f"({text})*2+1")
    bad += [{"kind": "ordering", "multiplier": "-1"}, {"kind": "sum", "parts": []}, {}, None]
    path = tmp_path / "verdicts.jsonl"
    path.write_text("".join(json.dumps({**row, "certificate": c}) + "\n" for c in bad))
    status, said = rechecked(path, capsys)
    assert status == 1 and f"{len(bad)} failed" in said, said


# -- the command's words --------------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "olympiad_ineq.cli"]
PAIR: Fields = {
    "id": "x", "variables": ["a", "b"], "domain": "positive", "goal": "a/b+b/a >= 2",
}  # fmt: skip


def failing(tmp_path: Path, rows: int) -> Path:
    path = tmp_path / "verdicts.jsonl"
    row = {"id": "x", "statement": "refuted", "witness": {"a": "1", "b": "1"}, "problem": PAIR}
    path.write_text((json.dumps(row) + "\n") * rows)
    return path


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    """Some rows failed and not all were read: the status says so, and no traceback does."""
    path = failing(tmp_path, 3000)
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -3', "_", *COMMAND, "recheck", str(path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.count("FAILED") == 3 and done.returncode == 1
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def test_rows_are_counted_and_claims_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = failing(tmp_path, 2)
    good = check_record((json.dumps(PAIR).encode(), 2.0))
    silent = {"id": "u", "statement": "unreadable"}
    with path.open("a") as handle:
        handle.write(json.dumps(good) + "\n" + json.dumps(silent) + "\n")
    status, said = rechecked(path, capsys)
    last = said.splitlines()[-1]
    assert status == 1
    assert last.endswith(
        "4 rows, 2 failed; held: 1 no claim, 1 statement proved; failed: 2 statement refuted"
    )


def test_standard_input_and_a_byte_order_mark() -> None:
    good = check_record((json.dumps(PAIR).encode(), 2.0))
    for mark in (b"", b"\xef\xbb\xbf"):
        done = subprocess.run(
            [*COMMAND, "recheck", "-", "--workers", "1"], input=mark + json.dumps(good).encode(),
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        assert b"1 row, 0 failed" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "words", "without"),
    [
        ("nosuch.parquet", None, ["no such file"], ["file system"]),
        ("nosuch.jsonl", None, ["no such file"], []),
        ("mine.parquet", b"x", ["not a parquet file", "examples"], ["delete", "snakemake"]),
        ("rows.jsonl", b'{"goal": "a >= b"}', ["line 1", "olympiad-ineq check"], ["None"]),
        ("rows.jsonl", b'{"problem": {}, "proof": {}}', ["line 1", "candidate", "id"], []),
        ("rows.jsonl", b'{"id": 1, "grade": "proved"}', ["candidates"], []),
        ("rows.jsonl", b"[1]", ["line 1", "not a JSON object"], []),
        ("", b"", ["folder"], ["file system"]),
    ],
)
def test_one_line_says_what_recheck_reads(
    name: str, content: bytes | None, words: list[str], without: list[str], tmp_path: Path
) -> None:
    path = tmp_path / name
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        run(["recheck", str(path), "--workers", "1"])
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert not any(word in said for word in without), said


def test_a_broken_file_of_a_run_is_to_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "results" / "split" / "train.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    path.with_name("train.parquet.manifest.json").write_text("{}")
    with pytest.raises(UserError, match="snakemake results/split/train.parquet"):
        run(["recheck", str(path), "--workers", "1"])
