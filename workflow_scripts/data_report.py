"""Everything that data_gen, verify and split wrote → the page on the data."""

import argparse
from pathlib import Path

from olympiad_ineq.artifacts import write_text
from olympiad_ineq.errors import run_main
from olympiad_ineq.report.data_page import build
from olympiad_ineq.report.yields import Paths, load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("summary", "candidates", "verdicts", "dropped", "assignment", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, nargs="*", default=[])
    parser.add_argument("--audit", type=Path)
    args = parser.parse_args()
    yields = load(
        Paths(
            summary=args.summary,
            candidates=args.candidates,
            verdicts=args.verdicts,
            dropped=args.dropped,
            assignment=args.assignment,
            rejects=tuple(args.rejects),
            audit=args.audit,
        )
    )
    write_text(args.out, build(yields, "Where the examples come from"))


if __name__ == "__main__":
    run_main(main)
