"""Merge the checker's verdicts with the second model's votes."""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from olympiad_ineq.artifacts import write_jsonl, write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.records import Verdict
from olympiad_ineq.verify import merge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checked", type=Path, required=True)
    parser.add_argument("--votes", type=Path)
    parser.add_argument("--audit", type=Path, help="how far the votes can be trusted")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    audit = json.loads(args.audit.read_text(encoding="utf-8")) if args.audit else {}
    grades: Counter[str] = Counter()
    accepted = 0

    def counted() -> Iterator[Verdict]:
        nonlocal accepted
        for verdict in merge(args.checked, args.votes, trusted=audit.get("trusted") is True):
            grades[verdict.grade] += 1
            accepted += verdict.evidence.get("outcome") == "accepted"
            yield verdict

    count = write_jsonl(args.out, counted())
    inputs = [path for path in (args.checked, args.votes, args.audit) if path]
    write_manifest(
        args.out, stage="verify", started=started, settings={}, inputs=inputs,
        extra={"candidates": count, "grades": dict(grades), "accepted_by_votes": accepted,
               "trusted": audit.get("trusted")},
    )  # fmt: skip
    print(f"verify: {count} candidates, " + ", ".join(f"{n} {g}" for g, n in grades.items()))
    if args.votes:
        print(f"verify: the second model accepted {accepted}; {audit.get('reason')}")


if __name__ == "__main__":
    run_main(main)
