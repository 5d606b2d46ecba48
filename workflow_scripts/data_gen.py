"""Gather all sources' candidates into one file."""

import argparse
import time
from pathlib import Path

from olympiad_ineq.artifacts import write_jsonl, write_manifest
from olympiad_ineq.data_gen.gather import gather
from olympiad_ineq.errors import run_main


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    count = write_jsonl(args.out, gather(args.sources))
    write_manifest(
        args.out, stage="data_gen", inputs=args.sources, settings={}, started=started,
        extra={"candidates": count},
    )  # fmt: skip
    print(f"data_gen: {count} candidates")


if __name__ == "__main__":
    run_main(main)
