"""Gather all sources' candidates into one file."""

import argparse
import time
from pathlib import Path

from olympiad_ineq.artifacts import write_json, write_jsonl, write_manifest
from olympiad_ineq.data_gen.gather import Gathering, summary
from olympiad_ineq.errors import run_main


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--summary", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    gathering = Gathering(args.sources)
    count = write_jsonl(args.out, gathering)
    told = summary(args.sources, gathering)
    write_json(args.summary, told)
    write_manifest(
        args.out, stage="data_gen", inputs=args.sources, settings={}, started=started,
        extra={"candidates": count, "shortfalls": told["shortfalls"]},
    )  # fmt: skip
    print(f"data_gen: {count} candidates")
    for sentence in told["shortfalls"]:
        print(f"data_gen fell short: {sentence}")


if __name__ == "__main__":
    run_main(main)
