"""Files are whole or absent; a journal keeps what it took; damage is named, never guessed at."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import (
    Journal,
    atomic_path,
    exclusive,
    read_jsonl,
    read_parquet,
    write_jsonl,
    write_manifest,
    write_parquet,
    write_text,
)
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Example, Problem, Proof, Source, Verdict


def verdicts(count: int) -> list[Verdict]:
    return [
        Verdict(id=f"{n:04d}", grade="proved", reason="≥ holds", family="f", evidence={"n": n})
        for n in range(count)
    ]


def test_jsonl_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "verdicts.jsonl"
    assert write_jsonl(path, verdicts(3)) == 3
    assert list(read_jsonl(path, Verdict)) == verdicts(3)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: data[:-9], "line 3.*torn"),
        (lambda data: data.replace(b'"0001"', b"\xff\xfe", 1), "line 2.*not a Verdict"),
        (lambda data: data.replace(b'"grade"', b'"garde"', 1), "line 1.*not a Verdict"),
    ],
)
def test_a_damaged_line_is_named_with_its_fix(tmp_path: Path, damage, says) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "verdicts.jsonl"
    write_jsonl(path, verdicts(3))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=says) as caught:
        list(read_jsonl(path, Verdict))
    assert "delete it and run" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_parquet_round_trip_is_byte_stable(tmp_path: Path) -> None:
    problem = Problem(
        text="Prove.", variables=("a",), domain="real", goal="a^2 >= 0", technique="sos",
        difficulty=1,
    )  # fmt: skip
    example = Example(
        id="1", prompt="123", completion="[4]", grade="proved", technique="sos", difficulty=1,
        family="f", canonical_key="k", problem=problem,
        proof=Proof(text="{}", steps=({"id": "1"},)),
        evidence={"x": [1]}, source=Source(kind="symbolic", name="n", family="f"),
    )  # fmt: skip
    one, two = tmp_path / "1.parquet", tmp_path / "2.parquet"
    write_parquet(one, [example], Example)
    write_parquet(two, [example], Example)
    assert one.read_bytes() == two.read_bytes()
    assert read_parquet(one, Example) == [example]
    one.write_bytes(one.read_bytes()[:50])
    with pytest.raises(UserError, match="not a parquet file of Example"):
        read_parquet(one, Example)


def test_a_journal_survives_a_cut_at_any_byte(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for n in range(4):
        journal.append({f"key{n}": {"text": f"answer\n{n} ≥"}})
    journal.close()
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        again = Journal(path)
        assert len(again.values) == sum(end <= cut for end in ends)
        again.append({"new": 1})
        again.close()
        assert Journal(path).values["new"] == 1


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from olympiad_ineq.artifacts import exclusive\n"
        "with exclusive(Path(sys.argv[1]), 'it'):\n    print('held', flush=True); time.sleep(60)"
    )
    lock = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    started = time.monotonic()
    with exclusive(lock, "it"):
        assert time.monotonic() - started < 5


def test_a_manifest_says_what_made_the_artifact(tmp_path: Path) -> None:
    source, made = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("in")
    made.write_text("out")
    path = write_manifest(
        made, stage="test", inputs=[source], settings={"a": 1}, started=time.time(),
        extra={"seed": 7},
    )  # fmt: skip
    manifest = json.loads(path.read_text())
    assert manifest["inputs"][str(source)] and manifest["sha256"] and manifest["code"]
    assert manifest["seed"] == 7 and manifest["packages"]["pyarrow"]


def test_a_full_disk_is_one_clear_line_and_costs_nothing(tiny_disk: Path) -> None:
    path = tiny_disk / "verdicts.jsonl"
    write_jsonl(path, verdicts(3))
    before = path.read_bytes()
    with pytest.raises(UserError, match="verdicts.jsonl: the disk is full; fix: free some space"):
        write_jsonl(path, verdicts(100_000))
    assert path.read_bytes() == before
    assert os.listdir(tiny_disk) == ["verdicts.jsonl"]


def test_a_journal_on_a_full_disk_keeps_what_it_had(tiny_disk: Path) -> None:
    journal = Journal(tiny_disk / "journal.jsonl")
    journal.append({"a": 1})
    with pytest.raises(UserError, match="the disk is full"):
        journal.append({"b": "x" * 3_000_000})
    assert Journal(tiny_disk / "journal.jsonl").values == {"a": 1}


def test_a_damaged_line_of_a_journal_costs_itself_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append({f"key{n}": {"text": "answer"} for n in range(100)})
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = [*lines[:10], lines[10].replace(b"answer", b"anstar"), *lines[11:99], b"\0" * 50]
    path.write_bytes(b"".join(damaged))
    again = Journal(path)
    again.append({"new": 1})
    again.close()
    assert "damaged lines that are passed over: 1\n" in capsys.readouterr().err
    assert len(Journal(path).values) == 99 and "key98" in again.values
    assert b"\0" not in path.read_bytes()
