"""Write the examples of one side."""

import argparse
import time
from pathlib import Path

from olympiad_ineq.artifacts import read_jsonl, write_manifest, write_parquet
from olympiad_ineq.errors import run_main
from olympiad_ineq.records import Assignment, Candidate, Example, Verdict
from olympiad_ineq.split import examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=["train", "test"], required=True)
    parser.add_argument("--assignment", type=Path, required=True)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--verdicts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    rows = examples(
        args.side,
        read_jsonl(args.assignment, Assignment),
        read_jsonl(args.candidates, Candidate),
        read_jsonl(args.verdicts, Verdict),
    )
    write_parquet(args.out, rows, Example)
    write_manifest(
        args.out, stage="split", inputs=[args.assignment, args.candidates, args.verdicts],
        started=started, settings={"side": args.side}, extra={"rows": len(rows)},
    )  # fmt: skip


if __name__ == "__main__":
    run_main(main)
