"""Four runs' judgements → results/eval/controls.json: weights and prompting told apart."""

import argparse
import json
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.controls import crossed
from olympiad_ineq.eval.score import read_manifest
from olympiad_ineq.records import Judgement


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, nargs=4, required=True)
    parser.add_argument("--judgements", type=Path, nargs=4, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    arguments = parser.parse_args()
    started = time.time()
    results = [json.loads(path.read_text(encoding="utf-8")) for path in arguments.runs]
    for path in arguments.judgements:
        read_manifest(path)
    judgements = {
        result["run"]: list(artifacts.read_jsonl(path, Judgement))
        for result, path in zip(results, arguments.judgements, strict=True)
    }
    found = crossed({r["run"]: r for r in results}, judgements, arguments.confidence)
    artifacts.write_json(arguments.out, found)
    artifacts.write_manifest(
        arguments.out,
        stage="controls",
        inputs=[*arguments.runs, *arguments.judgements],
        settings={"confidence": arguments.confidence},
        started=started,
    )


if __name__ == "__main__":
    run_main(main)
