"""What a run cost: of the stages that it has, whatever an earlier run left in its folder."""

import json
from pathlib import Path

from olympiad_ineq.report.costs import costs
from olympiad_ineq.report.data import Extras, Paths, _stages


def test_a_judge_that_was_taken_out_costs_nothing(tmp_path: Path) -> None:
    runs = {run: tmp_path / run / "predictions.jsonl" for run in ("baseline", "final")}
    extras = Extras(audit=tmp_path / "judge_audit.json")
    for path in (*runs.values(), *(p.with_name("opinions.jsonl") for p in runs.values()),
                 tmp_path / "judge_audit/opinions.jsonl"):  # fmt: skip
        path.parent.mkdir(exist_ok=True)
        manifest = {"seconds": 1.0, "tokens": 5, "dollars": 2.0}
        path.with_name(path.name + ".manifest.json").write_text(json.dumps(manifest))
    other = {name: tmp_path / name for name in Paths.__dataclass_fields__}
    paths = Paths(**other | {f"{run}_predictions": path for run, path in runs.items()})
    listed = [cost.stage for cost in costs(_stages({}, paths, extras))]
    assert listed == ["answers of baseline", "answers of final"]
    judged = [cost.stage for cost in costs(_stages({"judged": {}}, paths, extras))]
    assert len(judged) == 5 and judged[-1] == "judge on the audit set"
