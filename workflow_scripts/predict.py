"""Test problems and a model's folder → results/eval/<run>/predictions.jsonl."""

import argparse
from pathlib import Path

from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.predict import predict
from olympiad_ineq.settings import Predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True, help="worked examples come from here")
    parser.add_argument("--model", type=Path, required=True, help="the student's folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True, help="finished answers, kept")
    parser.add_argument("--run", required=True)
    parser.add_argument("--settings", type=Predict.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    predict(
        arguments.test,
        arguments.train,
        arguments.model,
        arguments.out,
        arguments.journal,
        run=arguments.run,
        settings=arguments.settings,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    run_main(main)
