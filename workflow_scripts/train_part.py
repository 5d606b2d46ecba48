"""A part of the training side, for one training of the learning curve or of the data ablation."""

import argparse
from pathlib import Path

from olympiad_ineq.artifacts import read_parquet, write_parquet
from olympiad_ineq.curve.parts import choose
from olympiad_ineq.curve.runs import Part
from olympiad_ineq.errors import run_main
from olympiad_ineq.records import Example


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--rows", choices=["symbolic", "model", "proved", "proved_verified"])
    parser.add_argument("--most", type=int)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    chosen = choose(
        read_parquet(args.examples, Example), Part(args.seed, args.share, args.rows, args.most)
    )
    write_parquet(args.out, chosen, Example)
    print(f"part: {len(chosen)} examples")


if __name__ == "__main__":
    run_main(main)
