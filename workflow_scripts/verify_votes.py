"""The second model's votes of all shards → one file, and how far they can be trusted."""

import argparse
from pathlib import Path

from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import Verifier
from olympiad_ineq.verifier import gather_votes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=Path, nargs="+", required=True, help="of every shard")
    parser.add_argument("--audits", type=Path, nargs="+", required=True, help="of every shard")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--audit", type=Path, required=True)
    parser.add_argument("--settings", type=Verifier.model_validate_json, required=True)
    arguments = parser.parse_args()
    gather_votes(
        arguments.votes,
        arguments.audits,
        arguments.out,
        arguments.audit,
        settings=arguments.settings,
    )


if __name__ == "__main__":
    run_main(main)
