"""Predictions → judgements: the checker's verdict, and a judging model's opinion beside it."""

import argparse
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.score import CHECKER, judge_predictions, with_opinions
from olympiad_ineq.records import Example, Opinion, Prediction


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--opinions", type=Path, help="a judging model's")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10, help="per proof")
    parser.add_argument("--memory-mb", type=int, default=2048, help="per checking process")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    started = time.time()
    judgements = judge_predictions(
        artifacts.read_parquet(arguments.test, Example),
        list(artifacts.read_jsonl(arguments.predictions, Prediction)),
        seconds=arguments.seconds,
        memory_mb=arguments.memory_mb,
        workers=arguments.workers,
    )
    inputs = [arguments.test, arguments.predictions]
    if arguments.opinions:
        opinions = list(artifacts.read_jsonl(arguments.opinions, Opinion))
        judgements = with_opinions(judgements, opinions)
        inputs.append(arguments.opinions)
    artifacts.write_jsonl(arguments.out, judgements)
    artifacts.write_manifest(
        arguments.out,
        stage="judge",
        inputs=inputs,
        settings={"seconds": arguments.seconds, "memory_mb": arguments.memory_mb},
        started=started,
        extra={"checker": artifacts.code_digest(CHECKER)},
    )


if __name__ == "__main__":
    run_main(main)
