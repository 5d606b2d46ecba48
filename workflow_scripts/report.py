"""Results of both runs → the page; beside it a summary in Markdown and a table in LaTeX."""

import argparse
import json
import time
from dataclasses import fields
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.report.data import Extras, Paths, load
from olympiad_ineq.report.headline import read_result, summary
from olympiad_ineq.report.latex import table
from olympiad_ineq.report.page import build
from olympiad_ineq.settings import Report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [field.name for field in fields(Paths)]
    for name in ["baseline", "final", *names, "out"]:
        parser.add_argument("--" + name.replace("_", "-"), type=Path, required=True)
    optional = [field.name for field in fields(Extras)]
    for name in optional:
        parser.add_argument("--" + name.replace("_", "-"), type=Path)
    parser.add_argument("--settings", required=True, help="the report section as JSON")
    arguments = parser.parse_args()
    started = time.time()
    settings = Report.model_validate_json(arguments.settings)
    paths = Paths(**{name: getattr(arguments, name) for name in names})
    baseline, final = read_result(arguments.baseline), read_result(arguments.final)
    extras = Extras(**{name: getattr(arguments, name) for name in optional})
    report = load(baseline, final, paths, extras)
    artifacts.write_text(
        arguments.out.with_name("summary.md"), summary(baseline, final, settings.title)
    )
    artifacts.write_text(
        arguments.out.with_name("results.tex"), table(baseline, final, report.controls)
    )
    artifacts.write_text(arguments.out, build(report, settings.title))
    if settings.wandb:
        from olympiad_ineq.report.wandb_tables import log

        log(report, arguments.out.parent)
    artifacts.write_manifest(
        arguments.out,
        stage="report",
        inputs=[
            arguments.baseline,
            arguments.final,
            *(getattr(paths, name) for name in names),
            *(path for name in optional if (path := getattr(extras, name)) is not None),
        ],
        settings=json.loads(arguments.settings),
        started=started,
    )


if __name__ == "__main__":
    run_main(main)
