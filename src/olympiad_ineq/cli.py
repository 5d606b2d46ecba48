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

from olympiad_ineq.errors import UserError, from_os_error, run_main

EXAMPLE = 'olympiad-ineq check "Let a, b > 0. Prove that a/b + b/a >= 2."'
_RESERVE = 0.8  # the part of an item's time that a search may use before the process is killed


def main() -> None:
    """The entry point."""
    run_main(lambda: run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="olympiad-ineq", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check", help="judge statements and proofs",
        description=f"Judge JSON Lines from a file or -, or one problem in words: {EXAMPLE}",
    )  # fmt: skip
    check.add_argument("source", nargs="?", default="-", metavar="FILE|-|PROBLEM")
    _limits(check)
    recheck = commands.add_parser("recheck", help="replay verdicts, certificates and proofs")
    recheck.add_argument("file", type=Path, metavar="FILE", help="JSON Lines or parquet")
    recheck.add_argument("--candidates", type=Path, help="the candidates of a file of verdicts")
    _limits(recheck)
    plan = commands.add_parser("plan", help="memory, hours and dollars of a run, before it starts")
    plan.add_argument("--configfile", type=Path, nargs="+", action="extend", default=[])
    plan.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE")
    plan.add_argument("--json", action="store_true")
    again = commands.add_parser(
        "rescore", help="recompute a result from its predictions and judgements",
        description="Recompute results/eval/<run>.json from predictions.jsonl and "
        "judgements.jsonl, asking no model and no checker, and say whether it is the same.",
    )  # fmt: skip
    again.add_argument("file", type=Path, metavar="results/eval/RUN.json")
    again.add_argument("--confidence", type=float, help="print it at another confidence instead")
    options = parser.parse_args(arguments)
    if options.command == "plan":
        from olympiad_ineq.planner.command import run as print_plan

        return print_plan(options.configfile, options.set, as_json=options.json)
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


def _limits(parser: argparse.ArgumentParser) -> None:
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--workers", type=int, default=cores, help="processes (default: cores)")
    parser.add_argument("--seconds", type=float, default=10.0, help="time limit of one item")
    parser.add_argument("--memory-mb", type=int, default=2048, help="memory limit of a worker")


def _is_problem(source: str) -> bool:
    return source != "-" and any(c in source for c in "<>≥≤$\\") and not Path(source[:200]).exists()


def _check(options: argparse.Namespace) -> int:
    from olympiad_ineq.limits import Limit, run_limited
    from olympiad_ineq.record_check import check_record

    source = _open(options.source)
    held: list[bytes] = []
    budget = _RESERVE * options.seconds

    def items() -> Iterator[tuple[bytes, float]]:
        for raw in lines(source):
            held.append(raw)
            yield raw, budget

    counts: Counter[str] = Counter()
    ids = _Repeated()
    try:
        outcomes = run_limited(
            check_record, items(), seconds=options.seconds, memory_mb=options.memory_mb,
            workers=options.workers,
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
            print(json.dumps(verdict), flush=source is sys.stdin.buffer)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if source is not sys.stdin.buffer:
            source.close()
    parts = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    print(f"checked {sum(counts.values())} lines: {parts or 'none'}", file=sys.stderr)
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
        return sys.stdin.buffer
    try:
        return Path(source).open("rb")
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            raise from_os_error(error, source) from error
        raise UserError(repr(source), "not a file name", "give a file, - or a problem") from error


def lines(source: BinaryIO) -> Iterator[bytes]:
    """The non-empty lines; of a line that is too long, no more than is needed to say so."""
    from olympiad_ineq.problem_lines import MAX_LINE

    while raw := source.readline(MAX_LINE + 2):
        tail = raw
        while tail and not tail.endswith(b"\n"):
            tail = source.readline(1 << 20)
        if raw.strip():
            yield raw.rstrip(b"\r\n") if len(raw) <= MAX_LINE else raw


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
