"""Run every benchmark and write benchmarks/latest.json.

Each benchmark is a module here with `measure() -> list[dict]`: name, ours, rival, rival_name,
ratio, unit, runs; medians of interleaved runs; ratio above 1 means that we are faster.
"""

import argparse
import importlib.util
import json
import platform
import sys
from pathlib import Path
from typing import Any

from olympiad_ineq.artifacts import write_json

HERE = Path(__file__).parent
COLUMNS = ("name", "ours", "rival", "unit", "ratio", "rival_name")


def measure(path: Path) -> list[dict[str, Any]]:
    """Load one benchmark and run it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    result: list[dict[str, Any]] = module.measure()
    return result


def main() -> None:
    """Run them all, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="file names without .py; all if none")
    args = parser.parse_args()
    files = sorted(p for p in HERE.glob("*.py") if p.stem != "run")
    rows: list[dict[str, Any]] = []
    for path in files:
        if args.names and path.stem not in args.names:
            continue
        print(f"{path.stem} ...", file=sys.stderr)
        rows += measure(path)
    write_json(HERE / "latest.json", rows)
    for row in rows:
        print("  ".join(json.dumps(row[column]).strip('"') for column in COLUMNS))
    print(f"on {platform.processor() or platform.machine()}, written to {HERE / 'latest.json'}")


if __name__ == "__main__":
    main()
