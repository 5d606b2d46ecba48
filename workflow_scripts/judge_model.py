"""Students' answers, or the audit's proofs → a judging model's opinions of them."""

import argparse
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import run_main
from olympiad_ineq.eval.judge import audit_questions, judge, questions_about
from olympiad_ineq.records import AuditItem, Example, Prediction
from olympiad_ineq.settings import Judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, help="problems, with --predictions")
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--audit", type=Path, help="the audit set, instead of both")
    parser.add_argument("--out", type=Path, required=True, help="opinions")
    parser.add_argument("--journal", type=Path, required=True, help="finished answers, kept")
    parser.add_argument("--settings", type=Judge.model_validate_json, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    if arguments.audit:
        questions = audit_questions(artifacts.read_jsonl(arguments.audit, AuditItem))
        inputs = [arguments.audit]
    else:
        questions = questions_about(
            artifacts.read_parquet(arguments.test, Example),
            artifacts.read_jsonl(arguments.predictions, Prediction),
        )
        inputs = [arguments.test, arguments.predictions]
    judge(
        questions,
        arguments.settings,
        arguments.out,
        arguments.journal,
        stage="judge_audit_model" if arguments.audit else "judge_model",
        inputs=inputs,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    run_main(main)
