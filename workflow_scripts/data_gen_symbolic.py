"""Draw candidates from the symbolic source."""

import argparse
import time
from pathlib import Path

from olympiad_ineq.artifacts import write_jsonl, write_manifest
from olympiad_ineq.data_gen.candidates import symbolic_candidates
from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import DataGen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--settings", type=DataGen.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    started = time.time()
    candidates, shortfalls = symbolic_candidates(args.settings, args.seed)
    write_jsonl(args.out, candidates)
    write_manifest(
        args.out, stage="data_gen", inputs=[],
        settings=args.settings.model_dump(mode="json"),
        started=started,
        extra={"seed": args.seed, "candidates": len(candidates), "shortfalls": shortfalls},
    )  # fmt: skip
    for shortfall in shortfalls:
        print(f"data_gen ran dry: {shortfall}")


if __name__ == "__main__":
    run_main(main)
