"""Predictions → the checker's judgements → results/eval/<run>.json."""

import argparse
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.score import judge_predictions, read_manifest, score
from olympiad_ineq.records import Example, Judgement, Prediction, Vote


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--judgements", type=Path, required=True, help="written here")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--confidence", type=float, default=0.95)
    parser.add_argument("--reference", type=Path, help="judgements of the run to compare with")
    parser.add_argument("--opinions", type=Path, help="a judging model's votes")
    parser.add_argument("--seconds", type=float, default=10, help="per proof")
    parser.add_argument("--memory-mb", type=int, default=2048, help="per checking process")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--rescore", action="store_true", help="count the judgements that are there already"
    )
    arguments = parser.parse_args()
    started = time.time()
    inputs = [arguments.test, arguments.predictions]
    predictions = list(artifacts.read_jsonl(arguments.predictions, Prediction))
    if arguments.rescore:
        read_manifest(arguments.judgements)
        judgements = list(artifacts.read_jsonl(arguments.judgements, Judgement))
    else:
        judgements = judge_predictions(
            artifacts.read_parquet(arguments.test, Example),
            predictions,
            seconds=arguments.seconds,
            memory_mb=arguments.memory_mb,
            workers=arguments.workers,
        )
        artifacts.write_jsonl(arguments.judgements, judgements)
        artifacts.write_manifest(
            arguments.judgements,
            stage="judge",
            inputs=inputs,
            settings={"seconds": arguments.seconds, "memory_mb": arguments.memory_mb},
            started=started,
        )
    reference = None
    if arguments.reference:
        read_manifest(arguments.reference)
        reference = list(artifacts.read_jsonl(arguments.reference, Judgement))
    opinions = None
    if arguments.opinions:
        opinions = list(artifacts.read_jsonl(arguments.opinions, Vote))
    result = score(
        arguments.run,
        judgements,
        predictions,
        read_manifest(arguments.predictions),
        confidence=arguments.confidence,
        reference=reference,
        opinions=opinions,
    )
    artifacts.write_json(arguments.out, result)
    artifacts.write_manifest(
        arguments.out,
        stage="score",
        inputs=[
            arguments.predictions,
            arguments.judgements,
            *([arguments.reference] if arguments.reference else []),
            *([arguments.opinions] if arguments.opinions else []),
        ],
        settings={"run": arguments.run, "confidence": arguments.confidence},
        started=started,
    )


if __name__ == "__main__":
    run_main(main)
