"""Sources gathered into one file, and what they were asked for told in one place."""

from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.data_gen.gather import Gathering, summary
from olympiad_ineq.errors import UserError
from tests.test_split import candidate


def sources(folder: Path) -> list[Path]:
    made = [candidate(n)[0] for n in range(6)]
    first, second = folder / "symbolic.jsonl", folder / "0.jsonl"
    artifacts.write_jsonl(first, made[:4])
    artifacts.write_jsonl(second, made[3:])
    artifacts.write_json(
        folder / "symbolic.jsonl.manifest.json",
        {"stage": "data_gen", "settings": {"symbolic": 5}, "candidates": 4,
         "shortfalls": ["sos, difficulty 1: 1 of 2"]},
    )  # fmt: skip
    artifacts.write_json(
        folder / "0.jsonl.manifest.json",
        {"stage": "data_gen_model", "asked": 9, "candidates": 3, "rejects": {"truncated": 6},
         "tokens": {"prompt": 5, "completion": 7}, "seconds": 1.0, "shard": 0, "budget": 9,
         "target": {"amgm": 4, "sos": 2}, "usable": {"amgm": 1, "sos": 2}, "short": {"amgm": 3},
         "rounds": [{}, {}]},
    )  # fmt: skip
    return [first, second]


def test_a_candidate_of_two_sources_comes_once_and_is_counted(tmp_path: Path) -> None:
    paths = sources(tmp_path)
    gathering = Gathering(paths)
    ids = [made.id for made in gathering]
    assert len(ids) == len(set(ids)) == 6
    told = summary(paths, gathering)
    assert (told["candidates"], told["repeated"]) == (6, 1)
    assert [source["asked"] for source in told["sources"]] == [5, 9]
    for source in told["sources"]:
        lost = sum(source["rejects"].values())
        if source["kind"] == "model":
            assert source["asked"] == source["candidates"] + lost


def test_every_shortfall_is_a_sentence(tmp_path: Path) -> None:
    paths = sources(tmp_path)
    told = summary(paths, Gathering(paths))
    assert told["shortfalls"] == [
        "symbolic source, sos, difficulty 1: 1 of 2",
        "teacher shard 0, amgm: 1 of 4 usable problems when its budget of 9 was spent",
    ]


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_a_source_without_its_manifest_is_named(tmp_path: Path, damage: str) -> None:
    paths = sources(tmp_path)
    manifest = tmp_path / "0.jsonl.manifest.json"
    if damage == "missing":
        manifest.unlink()
    else:
        manifest.write_text("{")
    with pytest.raises(UserError, match=r"0\.jsonl\.manifest\.json"):
        summary(paths, Gathering(paths))
