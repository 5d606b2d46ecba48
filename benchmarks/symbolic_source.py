"""The symbolic source at scale: distinct problems, every one proved by the kernel.

    python benchmarks/symbolic_source.py [--problems 10000] [--seed 1] [--workers 2] [--record FILE]

Draws problems over all techniques and difficulties, and checks each as the verify stage does: the
steps, the prose read back, the text read back. Exits 1 and names the problem if one is not proved
or two have the same canonical key. Not part of `make bench`: there is nothing to compare with.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from olympiad_ineq.data_gen.candidates import symbolic_candidates
from olympiad_ineq.limits import Limit, run_limited
from olympiad_ineq.records import TECHNIQUES
from olympiad_ineq.settings import DataGen
from olympiad_ineq.verify import check_candidate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--record", type=Path, help="write what was found as JSON")
    options = parser.parse_args()
    started = time.time()
    source = DataGen(
        symbolic=options.problems, techniques=TECHNIQUES, variables=(1, 2, 3, 4),
        difficulties=(1, 2, 3, 4),
    )  # fmt: skip
    drawn, short = symbolic_candidates(source, options.seed)
    verdicts = run_limited(
        check_candidate, drawn, seconds=10, memory_mb=2048, workers=options.workers
    )
    grades: Counter[str] = Counter()
    cells: Counter[str] = Counter()
    keys: set[str | None] = set()
    bad = 0
    progress = tqdm(verdicts, total=len(drawn), desc="checked", unit="problem", mininterval=2)
    for candidate, verdict in zip(drawn, progress, strict=True):
        grade = "limit" if isinstance(verdict, Limit) else verdict.grade
        key = None if isinstance(verdict, Limit) else verdict.canonical_key
        grades[grade] += 1
        cells[f"{candidate.problem.technique}, level {candidate.problem.difficulty}"] += 1
        if grade != "proved" or key is None or key in keys:
            bad += 1
            print(f"{grade}: {verdict.reason}: {candidate.problem.text}")
        keys.add(key)
    summary = {
        "seed": options.seed, "problems": len(drawn), "distinct keys": len(keys),
        "grades": dict(grades), "cells": dict(sorted(cells.items())), "ran dry": short,
        "seconds": round(time.time() - started), "workers": options.workers,
    }  # fmt: skip
    print(json.dumps(summary, indent=2))
    if options.record:
        options.record.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return 1 if bad or len(drawn) < options.problems else 0


if __name__ == "__main__":
    sys.exit(main())
