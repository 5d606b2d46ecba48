"""Predictions and judgements → results/eval/<run>.json."""

import argparse
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.files import Sources


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--judgements", type=Path, required=True)
    parser.add_argument("--reference", type=Path, help="judgements of the run to compare with")
    parser.add_argument("--audit", type=Path, help="results/eval/judge_audit.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--confidence", type=float, default=0.95)
    arguments = parser.parse_args()
    started = time.time()
    sources = Sources(
        arguments.run,
        arguments.predictions,
        arguments.judgements,
        arguments.reference,
        arguments.audit,
    )
    artifacts.write_json(arguments.out, sources.scored(arguments.confidence))
    artifacts.write_manifest(
        arguments.out,
        stage="score",
        inputs=sources.paths(),
        settings=sources.settings() | {"confidence": arguments.confidence},
        started=started,
    )


if __name__ == "__main__":
    run_main(main)
