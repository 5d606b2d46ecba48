"""The audit set, and a judging model's opinions of it → results/eval/judge_audit.json."""

import argparse
import time
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.audit import audit, check_items
from olympiad_ineq.records import AuditItem, Opinion
from olympiad_ineq.settings import Judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audit", type=Path, required=True, help="the audit set")
    parser.add_argument("--opinions", type=Path, help="the judging model's")
    parser.add_argument("--judge", type=Judge.model_validate_json, help="its settings")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--seconds", type=float, default=10, help="per proof")
    parser.add_argument("--memory-mb", type=int, default=2048, help="per checking process")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    started = time.time()
    items = list(artifacts.read_jsonl(arguments.audit, AuditItem))
    grades = check_items(
        items,
        seconds=arguments.seconds,
        memory_mb=arguments.memory_mb,
        workers=arguments.workers,
    )
    opinions = None
    if arguments.opinions:
        opinions = list(artifacts.read_jsonl(arguments.opinions, Opinion))
    found = audit(items, grades, opinions, arguments.judge, arguments.confidence)
    artifacts.write_json(arguments.out, found)
    artifacts.write_manifest(
        arguments.out,
        stage="judge_audit",
        inputs=[arguments.audit, *([arguments.opinions] if arguments.opinions else [])],
        settings={"confidence": arguments.confidence},
        started=started,
    )


if __name__ == "__main__":
    run_main(main)
