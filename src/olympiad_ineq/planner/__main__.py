"""`snakemake plan`: the plan of settings that Snakemake has merged, with the profile's GPUs."""

import argparse
import json

from olympiad_ineq.errors import run_main
from olympiad_ineq.planner.command import warn_of_unknown
from olympiad_ineq.planner.plan import REFUSED, make_plan, text
from olympiad_ineq.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m olympiad_ineq.planner", description=__doc__)
    parser.add_argument("--settings", type=Settings.model_validate_json, required=True)
    parser.add_argument("--granted", type=json.loads, default={})
    options = parser.parse_args()
    warn_of_unknown(options.settings, options.granted)
    found = make_plan(options.settings, options.granted)
    print(text(found))
    return 0 if found.fits else REFUSED


if __name__ == "__main__":
    run_main(main)
