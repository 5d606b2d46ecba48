"""Scored trainings on parts of the data → results/curve/recommendation.json and its picture."""

import argparse
from pathlib import Path

from olympiad_ineq.artifacts import write_json
from olympiad_ineq.curve.plot import draw
from olympiad_ineq.curve.recommend import data_hours, read, recommend
from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import Curve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=Path, nargs="+", required=True)
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="in the same order")
    parser.add_argument("--sources", type=Path, nargs="*", default=[], help="of candidates")
    parser.add_argument("--source-gpus", type=int, default=0)
    parser.add_argument("--settings", type=Curve.model_validate_json, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--picture", type=Path, required=True)
    args = parser.parse_args()
    runs = [
        read(scores, model.with_name(f"{model.name}.manifest.json"))
        for scores, model in zip(args.scores, args.models, strict=True)
    ]
    made = [path.with_name(f"{path.name}.manifest.json") for path in args.sources]
    found, curve = recommend(
        runs, args.settings, args.confidence, data_hours(made, args.source_gpus)
    )
    draw(runs, curve, args.confidence, args.picture)
    write_json(args.out, found)
    print(f"curve: {found['decision']}: {found['reason']}")


if __name__ == "__main__":
    run_main(main)
