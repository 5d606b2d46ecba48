"""The tuned model's card with the results of both runs in it → results/report/model_card.md."""

import argparse
import json
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.report.headline import summary
from olympiad_ineq.train.card import with_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the tuned model's folder")
    parser.add_argument("--baseline", type=Path, required=True)
    parser.add_argument("--final", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    baseline, final = (json.loads(path.read_text("utf-8")) for path in (args.baseline, args.final))
    card = (args.model / "README.md").read_text("utf-8")
    results = summary(baseline, final, "Unseen problems proved")
    artifacts.write_text(args.out, with_results(card, results))


if __name__ == "__main__":
    run_main(main)
