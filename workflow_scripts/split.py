"""Assign each admitted problem to a side."""

import argparse
import time
from collections import Counter
from pathlib import Path

from olympiad_ineq.artifacts import read_jsonl, write_jsonl, write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.held_out import HeldOut
from olympiad_ineq.records import Candidate, Verdict
from olympiad_ineq.settings import Split
from olympiad_ineq.split import admit, assign, not_drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--verdicts", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dropped", type=Path, required=True, help="who is left out, and why")
    parser.add_argument("--settings", type=Split.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    started = time.time()
    held_out = HeldOut(args.held_out)
    found = admit(
        read_jsonl(args.candidates, Candidate),
        read_jsonl(args.verdicts, Verdict),
        args.settings,
        held_out,
    )
    chosen = assign(found.rows, args.settings, args.seed)
    dropped = [*found.dropped, *not_drawn(found.rows, chosen)]
    write_jsonl(args.dropped, dropped)
    write_jsonl(args.out, chosen)
    cells = Counter(f"{row.side}/{row.technique}/{row.difficulty}" for row in chosen)
    kinds = Counter(row.kind for row in dropped)
    families = len({row.family for row in chosen})
    write_manifest(
        args.out, stage="split", inputs=[args.candidates, args.verdicts, *args.held_out],
        settings=args.settings.model_dump(mode="json"), started=started,
        extra={"seed": args.seed, "distinct": len(found.rows), "families": families,
               "dropped": dict(sorted(kinds.items())), "cells": dict(sorted(cells.items())),
               "held_out": {"problems": held_out.count, "unreadable": held_out.unreadable}},
    )  # fmt: skip
    print(
        f"split: {len(found.rows)} distinct problems, {len(chosen)} chosen in {families} families; "
        "left out: " + (", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "none")
    )


if __name__ == "__main__":
    run_main(main)
