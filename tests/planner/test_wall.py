"""The hours until a run is done: what waits for what, and how many GPUs there are."""

from pathlib import Path

from olympiad_ineq.planner import make_plan
from olympiad_ineq.planner.command import read_settings
from olympiad_ineq.planner.stages import Stage
from olympiad_ineq.planner.wall import wall_hours
from tests.planner.test_plan import PHI


def stages(**hours: tuple[float, int, str]) -> list[Stage]:
    return [
        Stage(name.replace("_to_", " "), "m", device, gpus, hours=time)
        for name, (time, gpus, device) in hours.items()
    ]


def test_baseline_runs_beside_training() -> None:
    run = stages(
        checks=(1, 0, "cpu"), predict_to_baseline=(2, 1, "h100"), judge_to_baseline=(3, 0, "api"),
        train=(4, 1, "h100"), predict_to_final=(1, 1, "h100"), judge_to_final=(5, 0, "api"),
    )  # fmt: skip
    assert wall_hours(run, 2) == 1 + 4 + 1 + 5
    # one GPU: 2 h of prediction go before training; the baseline's judge waits for no GPU
    assert wall_hours(run, 1) == 1 + 2 + 4 + 1 + 5


def test_judges_that_are_asked_wait_side_by_side() -> None:
    run = stages(
        checks=(0, 0, "cpu"), train=(10, 1, "h100"),
        **{f"predict_to_{name}": (0, 1, "h100") for name in ("final", "wrong", "right")},
        **{f"judge_to_{name}": (24, 0, "api") for name in ("final", "wrong", "right", "audit")},
    )  # fmt: skip
    assert wall_hours(run, 4) == 34


def test_a_cpu_does_one_thing_at_a_time() -> None:
    run = stages(checks=(1, 0, "cpu"), predict_to_baseline=(2, 1, "cpu"), train=(4, 1, "cpu"))
    assert wall_hours(run, 4) == 7


def test_shards_use_the_gpus_that_there_are() -> None:
    run = [Stage("data_gen_model", "m", "h100", 4, jobs=4, hours=8)]
    assert [wall_hours(run, gpus) for gpus in (4, 8, 16, 32)] == [8, 4, 2, 2]


def test_a_batch_for_every_judge_is_not_a_batch_after_another() -> None:
    settings = read_settings([PHI], ["eval.judge.model.batch={}"])
    found = make_plan(settings, results=Path("/nowhere"))
    judges = [stage.hours for stage in found.stages if stage.name.startswith("judge")]
    assert len(judges) > 6 and set(judges) == {24}
    assert 24 < found.wall_hours < 3 * 24 < sum(judges)
