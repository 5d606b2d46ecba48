"""Check every candidate with the kernel, under limits."""

import argparse
import time
from collections import Counter
from pathlib import Path

from olympiad_ineq.artifacts import read_jsonl, write_jsonl, write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.records import Candidate
from olympiad_ineq.verify import check_candidates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    args = parser.parse_args()
    started = time.time()
    grades: Counter[str] = Counter()
    verdicts = check_candidates(
        read_jsonl(args.candidates, Candidate),
        seconds=args.seconds, memory_mb=args.memory_mb, workers=args.workers, grades=grades,
    )  # fmt: skip
    write_jsonl(args.out, verdicts)
    write_manifest(
        args.out, stage="verify", inputs=[args.candidates], started=started,
        settings={"seconds": args.seconds, "memory_mb": args.memory_mb},
        extra={"grades": dict(grades)},
    )  # fmt: skip


if __name__ == "__main__":
    run_main(main)
