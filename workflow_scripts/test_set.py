"""A file of problems (the classics, a public set, your own) → a test set."""

import argparse
import sys
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError, run_main
from olympiad_ineq.eval.test_sets import LOADERS
from olympiad_ineq.records import Example


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=sorted(LOADERS), required=True)
    parser.add_argument("--problems", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.time()
    found = LOADERS[arguments.kind](arguments.problems)
    for name, reason in found.left_out:
        print(f"test_set: {name} is left out: {reason}", file=sys.stderr)
    if not found.examples:
        raise UserError(
            str(arguments.problems),
            f"none of its {len(found.left_out)} problems can be read",
            "see the reasons above",
        )
    artifacts.write_parquet(arguments.out, found.examples, Example)
    artifacts.write_manifest(
        arguments.out,
        stage="test_set",
        inputs=[arguments.problems],
        settings={"kind": arguments.kind},
        started=started,
        extra={"problems": len(found.examples), "left_out": dict(found.left_out)},
    )
    print(f"test_set: {len(found.examples)} problems, {len(found.left_out)} left out")


if __name__ == "__main__":
    run_main(main)
