"""A student's answers → a model's votes on them."""

import argparse
from pathlib import Path

from olympiad_ineq.errors import run_main
from olympiad_ineq.opinion import judge_predictions
from olympiad_ineq.settings import Judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="votes")
    parser.add_argument("--journal", type=Path, required=True, help="finished answers, kept")
    parser.add_argument("--settings", type=Judge.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    judge_predictions(
        arguments.test,
        arguments.predictions,
        arguments.out,
        arguments.journal,
        settings=arguments.settings,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    run_main(main)
