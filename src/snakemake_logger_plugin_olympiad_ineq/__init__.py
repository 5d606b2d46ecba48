"""Two things that Snakemake's command line lacks, added where it lets a module in early.

`--config train.learning_rate=1e-5` sets one nested value: Snakemake refuses a dot in a key before
any Snakefile is read. And a deleted intermediate file is made again, with what follows from it:
Snakemake does not miss one while everything made from it is there.

There is no hook for either, but Snakemake imports every module named `snakemake_logger_plugin_...`
before it reads its command line, so this one, named like that, wraps the two functions concerned.
As a logger it is the base class alone: nothing ever selects it.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from snakemake import cli
from snakemake_interface_executor_plugins.settings import ExecMode
from snakemake_interface_logger_plugins.base import LogHandlerBase as LogHandler

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

Parser = Callable[[Sequence[str] | None], dict[str, Any]]


def _nested(parse: Parser) -> Parser:
    def parse_config(entries: Sequence[str] | None) -> dict[str, Any]:
        from snakemake.utils import update_config

        config: dict[str, Any] = {}
        for entry in entries or ():
            key, separator, value = entry.partition("=")
            *above, last = key.split(".")
            # Snakemake reads the value; the settings say which names there are.
            parsed = parse([f"{last}{separator}{value}"])
            for part in reversed(above):
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


def _remaking(run: Api) -> Api:
    def args_to_api(args: Namespace, parser: ArgumentParser) -> bool:
        if args.mode == ExecMode.DEFAULT:
            args.forcerun = set(args.forcerun or ()) | deleted(Path(args.directory or "."))
        return run(args, parser)

    return args_to_api


cli.parse_config = _nested(cli.parse_config)
cli.args_to_api = _remaking(cli.args_to_api)
