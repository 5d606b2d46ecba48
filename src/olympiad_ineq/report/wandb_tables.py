"""The results as W&B tables: rates, graders' errors and every proof, searchable there."""

import os
import sys
from pathlib import Path
from typing import Any

from olympiad_ineq.records import Json
from olympiad_ineq.report.data import Report

Table = tuple[list[str], list[list[Any]]]


def tables(report: Report) -> dict[str, Table]:
    """Columns and rows by the table's name."""
    return {
        "results": (
            ["run", "n", "proved", "rate", "low", "high"],
            [
                [result["run"], result["n"], *_cell(result["proved"])]
                for result in (report.baseline, report.final)
            ],
        ),
        "graders": (
            ["grader", "error", "n", "count", "rate", "low", "high"],
            _graders(report.audit),
        ),
        "proofs": (
            ["id", "technique", "difficulty", "problem", "run", "outcome", "reason", "proof",
             "judge", "judge_reason"],
            _proofs(report),
        ),
    }  # fmt: skip


def _cell(cell: Json) -> list[Any]:
    return [cell["count"], cell["rate"], *cell["interval"]]


def _graders(audit: Json | None) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for name in ("checker", "model") if audit else ():
        grader = audit[name] if audit else None
        if grader is not None:
            errors = {"sound": grader["false_reject"], **grader["by_type"]}
            rows += [[name, kind, cell["n"], *_cell(cell)] for kind, cell in errors.items()]
    return rows


def _proofs(report: Report) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for row in report.rows:
        for answer in (row.baseline, row.final):
            found = answer.judgement
            opinion = found.opinion
            said = opinion.ballots[0].reason if opinion and opinion.ballots else ""
            rows.append(
                [found.id, found.technique, found.difficulty, row.example.problem.text, found.run,
                 "truncated" if found.truncated else found.grade, found.reason,
                 answer.prediction.text, opinion.outcome if opinion else "", said]
            )  # fmt: skip
    return rows


def log(report: Report, folder: Path) -> None:
    """Log the tables; a log that fails costs no report."""
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "olympiad-ineq"), name="report",
            dir=str(folder), settings=wandb.Settings(console="off", silent=True),
        )  # fmt: skip
        for name, (columns, rows) in tables(report).items():
            run.log({name: wandb.Table(columns=columns, data=rows)})
        run.finish()
    except Exception as error:
        print(f"warning: wandb: the report goes on without it: {error}", file=sys.stderr)
