"""The result in a few lines."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Json
from olympiad_ineq.report import words
from olympiad_ineq.report.data import load
from olympiad_ineq.report.headline import headline, read_result, summary
from olympiad_ineq.report.latex import table
from olympiad_ineq.report.wandb_tables import tables
from tests.report.synthetic import extras, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("headline")
    write(path, tested=40, trained=8)
    return path


def results(folder: Path) -> tuple[Json, Json]:
    return read_result(folder / "baseline.json"), read_result(folder / "final.json")


def test_headline_says_both_rates_with_intervals_and_the_paired_test(folder: Path) -> None:
    baseline, final = results(folder)
    lines = headline(baseline, final).splitlines()
    assert lines[2].startswith("baseline")
    assert lines[3].startswith("final")
    for line, result in zip(lines[2:4], (baseline, final), strict=True):
        assert f"{result['proved']['count']} of 40" in line
        assert words.interval(result["proved"]["interval"]) in line
    assert "exact McNemar" in lines[-1]
    assert max(map(len, lines)) <= 110


def test_headline_counts_relatives_as_clusters(folder: Path) -> None:
    baseline, final = results(folder)
    assert "by family" not in headline(baseline, final)  # each problem is one of its own
    final["proved"] |= {"families": 8, "interval_by_family": [0.125, 0.75]}
    (line,) = [row for row in headline(baseline, final).splitlines() if "by family" in row]
    assert words.interval(final["proved"]["interval_by_family"]) in line
    assert words.signed_interval(final["paired"]["interval_by_family"]) in line
    assert "by family (8)" in line
    assert words.interval(final["proved"]["interval_by_family"]) in summary(baseline, final, "A")


def test_headline_ends_the_quickstart_with_the_reports_path(folder: Path) -> None:
    page = folder / "index.html"
    said = subprocess.run(
        [sys.executable, "-m", "olympiad_ineq.report.headline"]
        + [str(folder / name) for name in ("baseline.json", "final.json")]
        + [str(page)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.rstrip().endswith(str(page))


def test_summary_is_markdown_tables(folder: Path) -> None:
    text = summary(*results(folder), "Title")
    assert text.startswith("### Title\n")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in tables[:9]}) == 1
    assert "| proved |" in text


@pytest.mark.parametrize(
    ("interval", "says"),
    [([0.1, 0.3], "Yes."), ([-0.3, -0.1], "No, it got worse."), ([-0.1, 0.1], "Not shown.")],
)
def test_answer_is_what_the_interval_allows(interval: list[float], says: str) -> None:
    assert words.answer({"paired": {"difference": 0.0, "interval": interval}}) == says


def test_answer_without_a_comparison() -> None:
    assert words.answer({}) == "Not measured."


@pytest.mark.parametrize(
    ("p", "says"), [(1.0, "p = 1"), (0.0525, "p = 0.052"), (1e-30, "p < 0.0001"), (0, "p < 0.0001")]
)
def test_p_values_are_said_in_two_digits(p: float, says: str) -> None:
    assert words.p_value(p) == says


def test_results_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "final.json"
    with pytest.raises(UserError, match="no such file"):
        read_result(path)
    for content in ("{", "[]", json.dumps({"run": "final"})):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=r"final\.json"):
            read_result(path)


def test_the_table_for_a_paper_says_what_the_result_says(tmp_path: Path) -> None:
    baseline, final, _ = write(tmp_path, tested=60, trained=4, with_judge=True)
    controls = json.loads((tmp_path / "controls.json").read_text())
    text = table(baseline, final, controls)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert all(line.count("&") == 5 or "multicolumn" in line for line in rows)
    rate = f"{100 * final['proved']['rate']:.1f}"
    assert f"all & 60 & {100 * baseline['proved']['rate']:.1f}" in text and rate in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    assert "worked examples & 60" in text and "not to be believed" in text
    assert not re.search(r"(?<!\\)%(?! needs)", text)


def test_tables_for_wandb_hold_every_answer(tmp_path: Path) -> None:
    report = load(*write(tmp_path, tested=12, trained=4, with_judge=True), extras(tmp_path))
    found = tables(report)
    assert len(found["proofs"][1]) == 24 and len(found["results"][1]) == 2
    for columns, rows in found.values():
        assert rows and all(len(row) == len(columns) for row in rows)
    kinds = {(row[0], row[1]) for row in found["graders"][1]}
    assert ("model", "sound") in kinds and ("checker", "circular") in kinds
