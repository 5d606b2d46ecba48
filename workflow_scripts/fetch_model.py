"""Fetch a model from the hub into its cache, and write down where it is."""

import argparse
import time
from pathlib import Path

from olympiad_ineq import hub
from olympiad_ineq.artifacts import write_json, write_manifest
from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import Model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Model.model_validate_json, required=True)
    parser.add_argument("--where", required=True, help="the config section that names it")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    started = time.time()
    model: Model = args.model
    folder = hub.fetch(model.name, model.revision, args.where)
    write_json(args.out, {"name": model.name, "revision": model.revision, "commit": folder.name})
    write_manifest(
        args.out, stage="models", inputs=[], settings=model.model_dump(mode="json"), started=started
    )
    print(f"fetch_model: {model.name} is at {folder}")


if __name__ == "__main__":
    run_main(main)
