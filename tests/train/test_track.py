"""The experiment log asks for nothing and costs a run nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

SAME_RUN = """
import sys
from pathlib import Path
from olympiad_ineq.settings import Wandb
from olympiad_ineq.train.track import Experiment
log = Experiment(Wandb(mode="offline"), "the-same-run", Path(sys.argv[1]), {})
log.close()
print("went on")
"""


def test_a_log_left_open_by_a_killed_run_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wandb

    monkeypatch.setenv("WANDB_SILENT", "true")
    still_open = wandb.init(
        project="olympiad-ineq", id="the-same-run", mode="offline", dir=str(tmp_path)
    )
    try:  # its service's address is now in the environment that children inherit
        run = subprocess.run(
            [sys.executable, "-c", SAME_RUN, str(tmp_path)], capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
    finally:
        still_open.finish()
        wandb.teardown()
    assert run.stdout == "went on\n", run.stderr[-2000:]


def test_a_log_that_cannot_be_opened_is_said_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import wandb

    from olympiad_ineq.settings import Wandb
    from olympiad_ineq.train.track import Experiment

    def broken(**_: object) -> None:
        raise RuntimeError("the service is gone")

    monkeypatch.setattr(wandb, "init", broken)
    log = Experiment(Wandb(mode="offline"), "run", tmp_path, {})
    log.close()
    assert "train goes on without it: the service is gone" in capsys.readouterr().err
