"""Many-shot verification with the shared prefix computed once, and computed for every question.

    python benchmarks/verify_prefix_cache.py [--questions 24] [--shots 12] [--runs 3]

The verifier's own prompts (worked examples, then a question that differs) through our vLLM engine
with SmolLM2-135M, prefix caching on and off, each in a process of its own, in turns; the rest is
equal.
Loading is left out; keys, checks and journal are counted. Prints one JSON object: questions a
second; ratio: how much the shared prefix saves.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.common.engines import alone, put_smollm2, report_run, row, timed  # noqa: E402
from olympiad_ineq.audit import audit_set  # noqa: E402
from olympiad_ineq.errors import run_main  # noqa: E402
from olympiad_ineq.llm import Request  # noqa: E402
from olympiad_ineq.llm.engine import quiet_environment  # noqa: E402
from olympiad_ineq.opinion import Panel, Question, requests_for, worked_examples  # noqa: E402
from olympiad_ineq.settings import Model  # noqa: E402

ANSWER = 16  # tokens: what is compared is reading the prompt


def measure(questions: int = 24, shots: int = 12, runs: int = 3) -> list[dict[str, Any]]:
    """Alternate the two and compare the medians."""
    quiet_environment()
    speeds: dict[str, list[float]] = {"on": [], "off": []}
    tokens = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        put_smollm2(folder / "model")
        for run in range(runs):
            for caching in ("on", "off") if run % 2 else ("off", "on"):
                found = alone(
                    *(__file__, "--folder", folder, "--caching", caching),
                    *("--questions", questions, "--shots", shots, "--one", run),
                )
                speeds[caching].append(questions / found["seconds"])
                tokens = found["prompt_tokens"]
            report_run(run, speeds)
    rival_name = "the same without prefix caching"
    facts = {"unit": "questions/s", "items": questions}
    return [
        row("verify-prefix-cache", rival_name, speeds["on"], speeds["off"], **facts)
        | {"prompt_tokens_a_question": round(tokens / questions)}
    ]


def _requests(questions: int, shots: int, model: Model) -> list[Request]:
    panel = Panel(model, votes=1, shots=shots, temperature=0.0, max_new_tokens=ANSWER)
    worked = worked_examples(shots, 1)
    items = audit_set(seed=1, sound=questions, mutants=0)[:questions]
    return [
        request
        for item in items
        for request in requests_for(
            Question(item.id, item.problem.text, item.proof.text), panel, worked, 1
        )
    ]


def _one(folder: Path, run: int, questions: int, shots: int, caching: bool) -> dict[str, float]:
    from olympiad_ineq.llm.vllm import VllmEngine

    settings = Model(name=str(folder / "model"), family="smollm2")
    asked = _requests(questions, shots, settings)
    engine = VllmEngine(settings, prefix_caching=caching)
    answers, seconds = timed(engine, asked, folder / f"journal-{run}-{caching}")
    return {"seconds": seconds, "prompt_tokens": sum(a.prompt_tokens for a in answers)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=24)
    parser.add_argument("--shots", type=int, default=12)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--caching", choices=["on", "off"], help=argparse.SUPPRESS)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        quiet_environment()
        found = _one(
            arguments.folder, arguments.one, arguments.questions, arguments.shots,
            arguments.caching == "on",
        )  # fmt: skip
        print(json.dumps(found))
        return
    for found in measure(arguments.questions, arguments.shots, arguments.runs):
        print(json.dumps(found))


if __name__ == "__main__":
    run_main(main)
