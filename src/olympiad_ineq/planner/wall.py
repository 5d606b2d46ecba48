"""The time of a whole run: stages that wait for one another, on as many GPUs as there are."""

from collections.abc import Sequence

from olympiad_ineq.planner.stages import Stage


def wall_hours(stages: Sequence[Stage], gpus: int) -> float:
    """Hours until the last stage is done, each begun as soon as what it reads is there.

    A stage's jobs run side by side as far as `gpus` allow. GPUs that are free go to the first stage
    in the order of the run that can use them; an API takes any number of requests at once, and what
    runs on this machine's CPU takes all of it.
    """
    waiting, running, done = list(stages), list[tuple[float, Stage, int]](), set[str]()
    free, cpu, now = gpus, True, 0.0
    while waiting or running:
        for stage in [s for s in waiting if _needs(s.name, stages) <= done]:
            side_by_side = min(stage.jobs, max(1, gpus // stage.gpus)) if stage.gpus else 1
            taken = 0 if stage.device in ("cpu", "api") else min(gpus, stage.gpus * side_by_side)
            if taken > free or (stage.device == "cpu" and not cpu):
                continue
            free, cpu = free - taken, cpu and stage.device != "cpu"
            running.append((now + stage.hours / side_by_side, stage, taken))
            waiting.remove(stage)
        now, ended, taken = min(running, key=lambda job: job[0])
        running.remove((now, ended, taken))
        free, cpu = free + taken, cpu or ended.device == "cpu"
        done.add(ended.name)
    return now


def _needs(name: str, stages: Sequence[Stage]) -> set[str]:
    """The stages that one reads from, of those that there are."""
    kind, _, run = name.partition(" ")
    before = {"data_gen_model": set[str](), "verify_model": {"data_gen_model"}}
    data = {"data_gen_model", "verify_model"}
    if name in before:
        wanted = before[name]
    elif name == "checks":
        wanted = data
    elif kind == "judge" and run != "audit":
        wanted = {f"predict {run}"}
    else:
        base = kind == "train" or run == "audit" or run.endswith("baseline")
        wanted = {"checks"} if base else {"checks", "train"}
    return wanted & {stage.name for stage in stages}
