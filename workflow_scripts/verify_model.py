"""One shard of the candidates that the checker left open → the second model's votes on them."""

import argparse
from pathlib import Path

from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import Verifier
from olympiad_ineq.verifier import vote_on_shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--verdicts", type=Path, required=True, help="the checker's")
    parser.add_argument("--out", type=Path, required=True, help="votes")
    parser.add_argument(
        "--audit", type=Path, required=True, help="its votes on proofs of known quality"
    )
    parser.add_argument("--journal", type=Path, required=True, help="finished answers, kept")
    parser.add_argument("--settings", type=Verifier.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--revision", type=int, default=1, help="another number asks again")
    arguments = parser.parse_args()
    vote_on_shard(
        arguments.candidates,
        arguments.verdicts,
        arguments.out,
        arguments.audit,
        arguments.journal,
        settings=arguments.settings,
        seed=arguments.seed,
        shard=arguments.shard,
        revision=arguments.revision,
    )


if __name__ == "__main__":
    run_main(main)
