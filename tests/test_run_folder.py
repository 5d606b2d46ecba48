"""Results without Snakemake's record of what made them are not taken for those of new settings."""

import json
from pathlib import Path

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.command import read_settings
from olympiad_ineq.run_folder import check_record

BEFORE, NOW = read_settings([], []), read_settings([], ["data_gen.symbolic=9999"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's results, without .snakemake."""
    (tmp_path / "results/data_gen").mkdir(parents=True)
    (tmp_path / "results/data_gen/symbolic.jsonl.manifest.json").touch()
    marker = {"name": BEFORE.name, "settings": BEFORE.model_dump(mode="json")}
    (tmp_path / "results/run.json").write_text(json.dumps(marker))
    return tmp_path


@pytest.mark.parametrize("record", [None, ".snakemake", ".snakemake/metadata"])
def test_other_settings_are_refused(folder: Path, record: str | None) -> None:
    if record:
        (folder / record).mkdir(parents=True)
    with pytest.raises(UserError, match="config data_gen: .*run.json has another value"):
        check_record(folder, NOW)


def test_the_same_settings_go_on(folder: Path) -> None:
    check_record(folder, BEFORE)
    check_record(folder, read_settings([], ["plan.gpus=9", "report.title=Mine"]))


def test_with_the_record_snakemake_decides(folder: Path) -> None:
    (folder / ".snakemake/metadata").mkdir(parents=True)
    (folder / ".snakemake/metadata/cmVzdWx0").touch()
    check_record(folder, NOW)


def test_a_folder_where_nothing_was_made_yet(folder: Path) -> None:
    next((folder / "results").rglob("*.manifest.json")).unlink()
    check_record(folder, NOW)
    check_record(folder / "empty", NOW)
