"""Results of both runs → the page, and its summary in Markdown beside it."""

import argparse
import json
import time
from dataclasses import fields
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.report.data import Paths, load
from olympiad_ineq.report.headline import read_result, summary
from olympiad_ineq.report.page import build
from olympiad_ineq.settings import Report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [field.name for field in fields(Paths)]
    for name in ["baseline", "final", *names, "out"]:
        parser.add_argument("--" + name.replace("_", "-"), type=Path, required=True)
    parser.add_argument("--settings", required=True, help="the report section as JSON")
    arguments = parser.parse_args()
    started = time.time()
    settings = Report.model_validate_json(arguments.settings)
    paths = Paths(**{name: getattr(arguments, name) for name in names})
    baseline, final = read_result(arguments.baseline), read_result(arguments.final)
    report = load(baseline, final, paths)
    artifacts.write_text(
        arguments.out.with_name("summary.md"), summary(baseline, final, settings.title)
    )
    artifacts.write_text(arguments.out, build(report, settings.title))
    artifacts.write_manifest(
        arguments.out,
        stage="report",
        inputs=[
            arguments.baseline,
            arguments.final,
            *(getattr(paths, name) for name in names),
        ],
        settings=json.loads(arguments.settings),
        started=started,
    )


if __name__ == "__main__":
    run_main(main)
