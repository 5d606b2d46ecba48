"""Scored trainings of a sweep or of the data ablation → one table, best first."""

import argparse
from pathlib import Path

from olympiad_ineq.artifacts import write_json
from olympiad_ineq.curve.recommend import read, table
from olympiad_ineq.errors import UserError, run_main


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=Path, nargs="*", required=True)
    parser.add_argument("--models", type=Path, nargs="*", required=True, help="in the same order")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if not args.scores:
        raise UserError(
            str(args.out), "the config names no training for it", "set sweep or ablation.sets"
        )
    runs = [
        read(scores, model.with_name(f"{model.name}.manifest.json"))
        for scores, model in zip(args.scores, args.models, strict=True)
    ]
    runs.sort(key=lambda run: (-run.proved, run.hours, run.run))
    lines = table(runs, args.confidence)
    write_json(args.out, lines)
    for line in lines:
        low, high = line["interval"]
        print(
            f"{line['run']}: {line['proved']} of {line['n']} proved "
            f"[{100 * low:.1f}, {100 * high:.1f}] %, {line['examples']} examples, "
            f"{line['hours']:.2f} hours"
        )


if __name__ == "__main__":
    run_main(main)
