"""The command line: `olympiad-ineq check`, `recheck`, `rescore`, `plan`.

`check` judges statements and proofs; what a line says never changes the exit status. `recheck`
replays a file of verdicts or examples and fails if any row does. `rescore` recomputes a result from
its predictions and judgements and fails if a number differs. `plan` says what a run needs, and
exits with 3 if something cannot fit.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from olympiad_ineq.errors import UserError, from_os_error, reader_gone, run_main

EXAMPLE = 'olympiad-ineq check "Let a, b > 0. Prove that a/b + b/a >= 2."'
_RESERVE = 0.8  # the part of an item's time that a search may use before the process is killed


def main() -> None:
    """The entry point."""
    run_main(lambda: run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "plan":
        from olympiad_ineq.planner.command import run as print_plan

        option = "--config" if "--config" in arguments else "--set"
        return print_plan(options.configfile, options.set, as_json=options.json, option=option)
    if options.command == "rescore":
        from olympiad_ineq.eval.files import rescore

        return rescore(options.file, confidence=options.confidence)
    for name in ("workers", "seconds", "memory_mb"):
        if not getattr(options, name) > 0:
            shown = "--" + name.replace("_", "-")
            raise UserError(f"{shown} {getattr(options, name)}", "must be above 0", "raise it")
    # one thread a worker: more only fight one another, and their stacks count as memory
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if options.command == "recheck":
        from olympiad_ineq.recheck import recheck as replay_file

        return replay_file(
            options.file, candidates=options.candidates, workers=options.workers,
            seconds=options.seconds, memory_mb=options.memory_mb,
        )  # fmt: skip
    if _is_problem(options.source):
        return _explain(options)
    return _check(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="olympiad-ineq", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check", allow_abbrev=False, help="judge statements and proofs",
        description=f"Judge JSON Lines from a file or -, or one problem in words: {EXAMPLE}",
    )  # fmt: skip
    check.add_argument(
        "source", nargs="?", default="-", metavar="FILE|-|PROBLEM",
        help="JSON Lines (docs/check.md says of what), standard input (default), or a text",
    )  # fmt: skip
    _limits(check)
    recheck = commands.add_parser(
        "recheck", allow_abbrev=False, help="replay verdicts, certificates and proofs"
    )
    recheck.add_argument("file", type=Path, metavar="FILE|-", help="JSON Lines, parquet or -")
    recheck.add_argument("--candidates", type=Path, help="the candidates of a file of verdicts")
    _limits(recheck)
    plan = commands.add_parser(
        "plan", allow_abbrev=False, help="memory, hours and dollars of a run, before it starts"
    )
    plan.add_argument(
        "--configfile", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help="config files over the default, in this order: config/phi-1_5.yaml",
    )  # fmt: skip
    plan.add_argument(
        "--set", "--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE",
        help="single settings over those: train.epochs=2",
    )  # fmt: skip
    plan.add_argument("--json", action="store_true", help="print it as JSON, for programs")
    again = commands.add_parser(
        "rescore", allow_abbrev=False,
        help="recompute a result from its predictions and judgements",
        description="Recompute results/eval/<run>.json from predictions.jsonl and "
        "judgements.jsonl, asking no model and no checker, and say whether it is the same.",
    )  # fmt: skip
    again.add_argument("file", type=Path, metavar="results/eval/RUN.json", help="the result")
    again.add_argument("--confidence", type=float, help="print it at another confidence instead")
    return parser


def _limits(parser: argparse.ArgumentParser) -> None:
    cores = len(os.sched_getaffinity(0))
    for name, kind, default, what in (
        ("--workers", int, cores, f"processes (default: one a core, here {cores})"),
        ("--seconds", float, 10.0, "time limit of one item (default: 10)"),
        ("--memory-mb", int, 2048, "memory limit of a worker (default: 2048)"),
    ):
        parser.add_argument(name, type=kind, default=default, help=what)


def _is_problem(source: str) -> bool:
    return source != "-" and any(c in source for c in "<>≥≤$\\") and not Path(source[:200]).exists()


def _check(options: argparse.Namespace) -> int:
    from olympiad_ineq.limits import Limit, run_limited
    from olympiad_ineq.line_source import Lines
    from olympiad_ineq.problem_lines import MAX_LINE
    from olympiad_ineq.record_check import check_record

    source = _open(options.source)
    lines = Lines(source, MAX_LINE)
    held: list[bytes] = []
    budget = _RESERVE * options.seconds

    def items() -> Iterator[tuple[bytes, float]]:
        for raw in lines:
            held.append(raw)
            yield raw, budget

    counts: Counter[str] = Counter()
    ids = _Repeated()
    try:
        outcomes = run_limited(
            check_record, items(), seconds=options.seconds, memory_mb=options.memory_mb,
            workers=options.workers, ready=lines.ready,
        )  # fmt: skip
        for found in tqdm(outcomes, desc="check", unit="line", disable=None, file=sys.stderr):
            raw = held.pop(0)
            verdict = (
                {"id": _id(raw), "statement": "limit", "reason": found.reason}
                if isinstance(found, Limit)
                else found
            )
            counts[verdict["statement"]] += 1
            ids.add(verdict["id"])
            print(json.dumps(verdict), flush=options.source == "-")
        sys.stdout.flush()
    except BrokenPipeError:
        if not reader_gone():
            raise
        return 0
    finally:
        source.close()
    parts = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    total = sum(counts.values())
    checked = "1 line" if total == 1 else f"{total} lines"
    print(f"checked {checked}: {parts or 'none'}", file=sys.stderr)
    ids.warn()
    return 0


class _Repeated:
    """Ids that more than one line has: their verdicts cannot be told apart by id."""

    def __init__(self) -> None:
        self.seen: set[str | int] = set()
        self.first: str | int | None = None
        self.count = 0

    def add(self, id_: str | int | None) -> None:
        if id_ is None:
            return
        if id_ in self.seen:
            self.first = id_ if self.first is None else self.first
            self.count += 1
        self.seen.add(id_)

    def warn(self) -> None:
        if self.count:
            lines = "1 line has" if self.count == 1 else f"{self.count} lines have"
            print(
                f"warning: {lines} the id of an earlier line, the first {self.first!r}; their "
                "verdicts stand in the order of the lines",
                file=sys.stderr,
            )


def _open(source: str) -> BinaryIO:
    if source == "-":
        return open(0, "rb", buffering=0, closefd=False)
    if not source:
        raise UserError("''", "neither a file nor a problem", "give a file, - or a problem")
    try:
        return Path(source).open("rb", buffering=0)
    except FileNotFoundError as error:
        fix = f"correct the path; a problem in words has a relation in it: {EXAMPLE}"
        raise UserError(source, "there is no such file", fix) from error
    except OSError as error:
        raise from_os_error(error, source) from error
    except ValueError as error:
        raise UserError(repr(source), "not a file name", "give a file, - or a problem") from error


def _id(raw: bytes) -> Any:
    """The id of a line whose check was stopped."""
    from olympiad_ineq.problem_lines import BadLine, read_line

    try:
        return read_line(raw).id
    except BadLine as bad:
        return bad.id


def _explain(options: argparse.Namespace) -> int:
    from olympiad_ineq.limits import run_limited
    from olympiad_ineq.search.explain import explain_text

    (found,) = run_limited(
        explain_text, [(options.source, _RESERVE * options.seconds)], seconds=options.seconds,
        memory_mb=options.memory_mb, workers=1,
    )  # fmt: skip
    print(found if isinstance(found, str) else f"Limit: {found.reason}", flush=True)
    return 0


if __name__ == "__main__":
    main()
