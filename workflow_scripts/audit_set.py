"""Make the audit set: proofs of known quality that grade the judge and the checker."""

import argparse
import time
from collections import Counter
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.audit import audit_set
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.judge import worked
from olympiad_ineq.settings import Audit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--settings", type=Audit.model_validate_json, required=True)
    parser.add_argument("--shots", type=int, required=True, help="of the judge: not in the set")
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    started = time.time()
    shown = worked(arguments.shots, arguments.seed)
    items = audit_set(
        seed=arguments.seed,
        sound=arguments.settings.sound,
        mutants=arguments.settings.mutants,
        avoid={name for item in shown for name in (item.family, item.canonical_key)},
    )
    artifacts.write_jsonl(arguments.out, items)
    artifacts.write_manifest(
        arguments.out,
        stage="audit_set",
        inputs=[],
        settings=arguments.settings.model_dump(mode="json"),
        started=started,
        extra={"seed": arguments.seed, "items": dict(Counter(item.kind for item in items))},
    )


if __name__ == "__main__":
    run_main(main)
