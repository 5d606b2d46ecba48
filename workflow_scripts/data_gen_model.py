"""One shard of the teacher's plan → candidates and rejects."""

import argparse
from pathlib import Path

from olympiad_ineq.data_gen.model import generate_shard
from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import DataGen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="candidates")
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True, help="finished answers, kept")
    parser.add_argument("--settings", type=DataGen.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    candidates, rejected = generate_shard(
        arguments.settings,
        arguments.shard,
        arguments.seed,
        arguments.out,
        arguments.rejects,
        arguments.journal,
    )
    print(f"shard {arguments.shard}: {len(candidates)} candidates, {len(rejected)} rejects")


if __name__ == "__main__":
    run_main(main)
