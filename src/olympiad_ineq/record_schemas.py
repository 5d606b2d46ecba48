"""docs/schemas/*.schema.json: what a line of predictions.jsonl and judgements.jsonl may hold.

Generated from the records; `--check` fails on drift.
"""

import argparse
import json
from pathlib import Path

from olympiad_ineq.artifacts import write_text
from olympiad_ineq.errors import UserError, run_main
from olympiad_ineq.records import Judgement, Opinion, Prediction, Record

SCHEMAS: dict[str, type[Record]] = {
    "predictions": Prediction,
    "judgements": Judgement,
    "opinions": Opinion,
}


def rendered(name: str) -> str:
    """One schema as its file holds it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= SCHEMAS[name].model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schemas, or check that the files are what the records say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--check", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    for name in SCHEMAS:
        if args.write:
            write_text(args.write / f"{name}.schema.json", rendered(name))
        path = args.check / f"{name}.schema.json" if args.check else None
        if path and path.read_text(encoding="utf-8") != rendered(name):
            raise UserError(str(path), "it is not what the records say", "make schema")


if __name__ == "__main__":
    run_main(main)
