"""config/settings.schema.json, generated from the settings models; `--check` fails on drift."""

import argparse
import json
from pathlib import Path

from olympiad_ineq.artifacts import write_text
from olympiad_ineq.errors import UserError, run_main
from olympiad_ineq.settings import json_schema


def rendered() -> str:
    """The schema as the file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema, or check that the file is what the models say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--check", type=Path)
    args = parser.parse_args()
    if args.write:
        write_text(args.write, rendered())
    if args.check and args.check.read_text(encoding="utf-8") != rendered():
        raise UserError(str(args.check), "it is not what the settings models say", "make schema")


if __name__ == "__main__":
    run_main(main)
