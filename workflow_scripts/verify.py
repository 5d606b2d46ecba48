"""Merge the checker's verdicts with the second model's votes."""

import argparse
import time
from collections import Counter
from pathlib import Path

from olympiad_ineq.artifacts import write_jsonl, write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.verify import merge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checked", type=Path, required=True)
    parser.add_argument("--votes", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    verdicts = merge(args.checked, args.votes)
    write_jsonl(args.out, verdicts)
    grades = Counter(verdict.grade for verdict in verdicts)
    write_manifest(
        args.out, stage="verify", started=started, settings={},
        inputs=[args.checked, *([args.votes] if args.votes else [])],
        extra={"candidates": len(verdicts), "grades": dict(grades)},
    )  # fmt: skip
    print(
        f"verify: {len(verdicts)} candidates, " + ", ".join(f"{n} {g}" for g, n in grades.items())
    )


if __name__ == "__main__":
    run_main(main)
