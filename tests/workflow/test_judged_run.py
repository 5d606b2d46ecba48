"""A judge, the controls and the classics in one real run, on top of one that had none of them."""

import json
from pathlib import Path
from typing import Any

from olympiad_ineq import cli
from olympiad_ineq.planner.stages import CLASSIC_PROBLEMS
from tests.llm.batches import batch_endpoint
from tests.llm.test_judge import said
from tests.workflow.conftest import snakemake

RUNS = ("baseline", "final", "base_zero_shot", "tuned_few_shot",
        "classics_baseline", "classics_final")  # fmt: skip


def test_a_lenient_judge_controls_and_classics(copied_run: Path) -> None:
    """The judge, asked through a batch API, accepts whatever it is asked about: its audit says so,
    and the checker keeps the headline."""
    with batch_endpoint() as endpoint:
        endpoint.text = said().text
        endpoint.released.set()
        url = endpoint.url
        model = (
            f"{{engine: openai, name: kind, family: kind, base_url: '{url}', "
            "batch: {poll_seconds: 0.1}, price: {prompt: 10, completion: 100}}"
        )
        optional = {
            "eval__judge": f"{{model: {model}, shots: 1, max_new_tokens: 200}}",
            "eval__controls": "true",
            "eval__classics": "true",
            "eval__batch": "64",  # the classics in two batches: a minute less
        }
        done = snakemake(copied_run, "all", "results/eval/controls.json", **optional)
        assert done.returncode == 0, done.stdout[-5000:]
        assert "rule train:" not in done.stdout  # what was done stays done
        again = snakemake(copied_run, "all", "results/eval/controls.json", **optional)
    assert "Nothing to be done" in again.stdout
    # one batch of each run and of the audit set, no question twice
    assert len(endpoint.batches) <= len(RUNS) + 1
    folder = copied_run / "results" / "eval"
    found = {run: json.loads((folder / f"{run}.json").read_text()) for run in RUNS}
    for run, result in found.items():
        assert result["n"] == (CLASSIC_PROBLEMS if run.startswith("classics") else 8)
        assert result["judged"]["n"] == result["n"]
        assert cli.run(["rescore", str(folder / f"{run}.json")]) == 0
    _not_believed(folder, found["final"])
    controls = json.loads((folder / "controls.json").read_text())
    assert set(controls["cells"]) == set(RUNS[:4]) and controls["n"] == 8
    assert found["classics_final"]["paired"]["test"] == "mcnemar"
    page = (copied_run / "results" / "report" / "index.html").read_text(encoding="utf-8")
    assert "Judge not believed." in page
    assert 'id="controls"' in page and 'id="classics"' in page


def _not_believed(folder: Path, final: dict[str, Any]) -> None:
    audit = json.loads((folder / "judge_audit.json").read_text())
    model = audit["model"]
    assert model["believed"] is False and model["false_reject"]["count"] == 0
    assert model["false_accept"]["count"] > 0
    assert audit["checker"]["false_accept"]["count"] == 0
    assert final["headline"]["by"] == "proved"
    bill = json.loads((folder / "judge_audit" / "opinions.jsonl.manifest.json").read_text())
    assert (
        bill["dollars"] == 0.5 * (2 * 10 + 3 * 100) * model["asked"] / 1e6
    )  # of the stub's tokens
