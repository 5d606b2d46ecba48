"""config/benchmarks/classics.jsonl → a test set."""

import argparse
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.test_sets import classic_examples
from olympiad_ineq.records import Example


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classics", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.time()
    examples = classic_examples(arguments.classics)
    artifacts.write_parquet(arguments.out, examples, Example)
    artifacts.write_manifest(
        arguments.out,
        stage="classics",
        inputs=[arguments.classics],
        settings={},
        started=started,
        extra={"problems": len(examples)},
    )


if __name__ == "__main__":
    run_main(main)
