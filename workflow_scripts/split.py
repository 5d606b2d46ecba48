"""Assign each admitted problem to a side."""

import argparse
import time
from collections import Counter
from pathlib import Path

from olympiad_ineq.artifacts import read_jsonl, write_jsonl, write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.records import Candidate, Verdict
from olympiad_ineq.settings import Split
from olympiad_ineq.split import admit, assign


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--verdicts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--settings", type=Split.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    started = time.time()
    rows = admit(
        read_jsonl(args.candidates, Candidate),
        read_jsonl(args.verdicts, Verdict),
        args.settings,
    )
    chosen = assign(rows, args.settings, args.seed)
    write_jsonl(args.out, chosen)
    cells = Counter(f"{row.side}/{row.technique}/{row.difficulty}" for row in chosen)
    families = len({row.family for row in chosen})
    write_manifest(
        args.out, stage="split", inputs=[args.candidates, args.verdicts], started=started,
        settings=args.settings.model_dump(mode="json"),
        extra={"seed": args.seed, "distinct": len(rows), "families": families,
               "cells": dict(sorted(cells.items()))},
    )  # fmt: skip
    print(f"split: {len(rows)} distinct problems, {len(chosen)} chosen in {families} families")


if __name__ == "__main__":
    run_main(main)
