"""Put the student's base model into a folder that any stage can load."""

import argparse
import time
from pathlib import Path

from olympiad_ineq.artifacts import write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import Student
from olympiad_ineq.train import materialise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Student.model_validate_json, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    materialise(args.settings, args.out)
    write_manifest(
        args.out,
        stage="train",
        inputs=[],
        settings={"student": args.settings.model_dump(mode="json")},
        started=started,
    )
    print(f"base_model: {args.settings.name} ({args.settings.source}) is at {args.out}")


if __name__ == "__main__":
    run_main(main)
