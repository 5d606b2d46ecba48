"""Both sides of the split → the card beside them."""

import argparse
import json
from pathlib import Path

from olympiad_ineq.artifacts import read_parquet, write_text
from olympiad_ineq.data_card import card
from olympiad_ineq.errors import run_main
from olympiad_ineq.records import Example


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--audit", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    audit = json.loads(args.audit.read_text(encoding="utf-8")) if args.audit else None
    train, test = (read_parquet(path, Example) for path in (args.train, args.test))
    write_text(args.out, card(train, test, audit))


if __name__ == "__main__":
    run_main(main)
