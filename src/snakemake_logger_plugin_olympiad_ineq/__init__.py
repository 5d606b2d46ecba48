"""What Snakemake lacks, added where it lets a module in early.

`--config train.learning_rate=1e-5` sets one nested value: Snakemake refuses a dot in a key before
any Snakefile is read. And a deleted intermediate file is made again, with what follows from it:
Snakemake does not miss one while everything made from it is there.

Before a run is submitted to SLURM, the cluster is asked whether it would take such jobs: a wrong
partition is one line, not a pile of failed submissions. An output that its manifest does not
vouch for fails its job, whatever the job's exit status or SLURM's word for it. And a job that
failed leaves its former outputs, which do not count as made with the new settings.

There is no hook for these, but Snakemake imports every module named `snakemake_logger_plugin_...`
before it reads its command line, so this one, named like that, wraps the functions concerned.
As a logger it is the base class alone: nothing ever selects it.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NoReturn

from snakemake import cli
from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError
from snakemake.io import is_flagged
from snakemake.jobs import Job
from snakemake_interface_executor_plugins.settings import ExecMode
from snakemake_interface_logger_plugins.base import LogHandlerBase as LogHandler

from olympiad_ineq import cluster, config_files, slurm_profile
from olympiad_ineq.errors import UserError, no_setting

__all__ = ["LogHandler"]

RUNS = ("baseline", "final")
# An intermediate file or folder, and what is made from it directly.
MADE_FROM: dict[str, tuple[str, ...]] = {
    "results/data_gen/candidates.jsonl": ("results/verify/checked.jsonl",),
    "results/verify/checked.jsonl": ("results/verify/verdicts.jsonl",),
    "results/verify/verdicts.jsonl": ("results/split/assignment.jsonl",),
    "results/split/assignment.jsonl": ("results/split/train.parquet", "results/split/test.parquet"),
    "results/split/train.parquet": ("results/train/final/model",),
    "results/split/test.parquet": tuple(f"results/eval/{run}/predictions.jsonl" for run in RUNS),
    **{f"results/train/{run}/model": (f"results/eval/{run}/predictions.jsonl",) for run in RUNS},
    **{
        f"results/eval/{run}/predictions.jsonl": (f"results/eval/{run}/judgements.jsonl",)
        for run in RUNS
    },
    **{f"results/eval/{run}/judgements.jsonl": (f"results/eval/{run}.json",) for run in RUNS},
}


def _refuse(error: UserError) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)


Parser = Callable[[Sequence[str] | None], dict[str, Any]]


def _nested(parse: Parser) -> Parser:
    def parse_config(entries: Sequence[str] | None) -> dict[str, Any]:
        from snakemake.utils import update_config

        config: dict[str, Any] = {}
        for entry in entries or ():
            key, separator, value = entry.partition("=")
            if not separator or not key:
                _refuse(no_setting("--config", entry))
            # Snakemake reads the value; the settings say which names there are.
            parsed: Any = parse([f"value={value}"])["value"]
            for part in reversed(key.split(".")):
                parsed = {part: parsed}
            update_config(config, parsed)
        return config

    return parse_config


def deleted(folder: Path) -> set[str]:
    """Intermediate files that are gone while their results are there, in a folder of ours."""
    if not (folder / "results/run.json").is_file():
        return set()
    return {
        path
        for path, made in MADE_FROM.items()
        if not (folder / path).exists() and any((folder / result).exists() for result in made)
    }


Api = Callable[[Namespace, ArgumentParser], bool]


# Ways to call Snakemake that run no job.
LOOKING = (
    "dryrun", "dag", "rulegraph", "filegraph", "d3dag", "lint", "report", "unlock", "summary",
    "detailed_summary", "list_rules", "list_target_rules", "touch",
)  # fmt: skip


def _ask_cluster(args: Namespace) -> None:
    """Let SLURM refuse the run before it starts."""
    looks = any(getattr(args, name, None) for name in LOOKING) or set(args.targets) == {"plan"}
    if args.executor != "slurm":
        return
    defaults = getattr(args.default_resources, "parsed", None) or args.default_resources or {}
    by_rule = dict(args.set_resources or {})
    if getattr(args, "slurm_qos", None):
        defaults = {**defaults, "qos": args.slurm_qos}
    try:
        slurm_profile.asks(defaults, by_rule)  # a wrong word is refused where nothing runs, too
        if looks:
            return
        needed = {rule: by_rule[rule] for rule in by_rule.keys() - _unused(args)}
        try:
            cluster.check(slurm_profile.asks(defaults, needed), 1 + (args.retries or 0))
        except cluster.QueueFull:
            # perhaps of jobs that a killed run left behind: they are cancelled when this one starts
            if not cluster.orphans(Path(args.directory or ".")):
                raise
    except UserError as error:
        _refuse(error)


def _unused(args: Namespace) -> set[str]:
    """Rules that ask for GPUs which a run with this config does not need."""
    from olympiad_ineq.planner.command import read_settings

    try:
        return slurm_profile.unused(
            read_settings(list(map(Path, args.configfile or ())), args.config or ())
        )
    except UserError:
        return set()  # the Snakefile says what is wrong with it


def _read_config_files(args: Namespace) -> None:
    """A config file that is not there, or says two things, is one line, not a traceback."""
    for path in map(Path, args.configfile or ()):
        if not path.is_file():
            fix = (
                "correct the path, and name the targets before --configfile, which takes every "
                "word after it"
            )
            _refuse(UserError(f"--configfile {path}", "there is no such file", fix))
        try:
            config_files.check(path)
        except UserError as error:
            _refuse(error)


def _leave_to_the_nodes(args: Namespace) -> None:
    """A job has the threads of its rule, whatever this machine has; SLURM's bad days are mended.

    `cores: all` of profiles/default is for runs here: on a login node it would cap every job.
    """
    if args.executor == "slurm":
        from olympiad_ineq import slurm_executor

        args.cores = None
        slurm_executor.mend()


def _remaking(run: Api) -> Api:
    def args_to_api(args: Namespace, parser: ArgumentParser) -> bool:
        if args.mode == ExecMode.DEFAULT:
            _read_config_files(args)
            _ask_cluster(args)
            _leave_to_the_nodes(args)
            args.forcerun = set(args.forcerun or ()) | deleted(Path(args.directory or "."))
        return run(args, parser)

    return args_to_api


Ensure = Callable[[DAG, Any, Any], Any]


def _vouched(ensure: Ensure) -> Ensure:
    async def handle_ensure(self: DAG, job: Any, expanded_output: Any) -> None:
        # half a second that `--version` need not wait for
        from olympiad_ineq import artifacts, slurm_executor

        await ensure(self, job, expanded_output)
        patience = self.workflow.execution_settings.latency_wait
        for output in expanded_output:
            try:
                wrong = artifacts.damage(Path(str(output)))
            except OSError as error:  # a file server's bad moment fails a job, and not the run
                wrong = f"{output} cannot be read ({error.strerror or error})"
            if await slurm_executor.unchanged(str(output), patience):
                wrong = f"{output}: it is as it was before the job"
            if wrong:
                reason = f"{wrong}: the job is not done, whatever its exit status"
                raise WorkflowError(reason, rule=job.rule)

    return handle_ensure


Postprocess = Callable[..., Coroutine[Any, Any, None]]


def _reopened(postprocess: Postprocess) -> Postprocess:
    """Let the next run make what a failed job left as it was.

    Snakemake puts the former `update` output of a failed job back and records it as made with the
    new params: the next run had nothing to do, and went on with the rows of other settings.
    """

    async def postprocess_and_reopen(
        self: Job, *args: Any, error: bool = False, **more: Any
    ) -> None:
        await postprocess(self, *args, error=error, **more)
        if error and self.dag.workflow.exec_mode == ExecMode.DEFAULT:
            self.dag.workflow.persistence.started(self)  # and not ended: incomplete

    return postprocess_and_reopen


Cleanup = Callable[[Job, Sequence[Any]], Coroutine[Any, Any, None]]


def _left_to_the_node(cleanup: Cleanup) -> Cleanup:
    """The Snakemake that ran a job's command puts its former outputs back, or takes half ones away.

    Those around it, of the job on the node and of the login node, find no backup then, and would
    delete what was put back.
    """

    async def cleanup_but_updated(self: Job, skip_outputs: Sequence[Any]) -> None:
        workflow = self.dag.workflow
        around = workflow.exec_mode == ExecMode.REMOTE or (
            workflow.exec_mode == ExecMode.DEFAULT and workflow.executor_plugin.name == "slurm"
            and not self.is_local
        )  # fmt: skip
        kept = [output for output in self.output if around and is_flagged(output, "update")]
        await cleanup(self, [*skip_outputs, *kept])

    return cleanup_but_updated


DAG.handle_ensure = _vouched(DAG.handle_ensure)
Job.postprocess = _reopened(Job.postprocess)
Job.cleanup = _left_to_the_node(Job.cleanup)
cli.parse_config = _nested(cli.parse_config)
cli.args_to_api = _remaking(cli.args_to_api)
