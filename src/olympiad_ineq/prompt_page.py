"""docs/prompts.md: what each model is asked, rendered by the code that asks it.

python -m olympiad_ineq.prompt_page --write docs/prompts.md
python -m olympiad_ineq.prompt_page --check docs/prompts.md
"""

import argparse
from pathlib import Path

from olympiad_ineq.artifacts import write_text
from olympiad_ineq.data_gen.model import ANSWER_SCHEMA, Exemplars, plan, request_for
from olympiad_ineq.errors import UserError, run_main
from olympiad_ineq.eval import judge
from olympiad_ineq.exemplars import bad, good
from olympiad_ineq.llm import Request
from olympiad_ineq.opinion import VERDICT_SCHEMA, Panel, Question, requests_for, worked_examples
from olympiad_ineq.prompts import few_shot, prompt
from olympiad_ineq.records import TECHNIQUES
from olympiad_ineq.settings import DataGen, Judge, Model

SEED = 20260101
_MODEL = Model(name="the model", family="any")


def rendered() -> str:
    """The page."""
    return "\n\n".join(
        (
            "# What the models are asked",
            "Made by `make docs` from the code that asks; a test compares. The instructions are "
            "`config/prompts/*.md`, the worked examples `config/exemplars/*.jsonl` "
            f"({len(good())} good, {len(bad())} bad, each checked by the kernel when it is read).",
            "## Teacher",
            "One request of the plan, with one worked example of the three or four that the config "
            "asks for. " + _keys(ANSWER_SCHEMA),
            _conversation(_teacher()),
            "## Verifier",
            "One vote, with two worked examples, good and bad; by default as many as the context "
            "holds, the same for every question, so that the prefix is computed once. The proof "
            "under judgement is quoted line by line between markers that hold a hash of it. "
            + _keys(VERDICT_SCHEMA),
            _conversation(_verifier()),
            "## Judge",
            "One vote on a student's answer, with two worked examples of the audit's kind, which "
            "are not in the audit set. " + _keys(judge.VERDICT_SCHEMA),
            _conversation(_judge()),
            "## Student",
            "The tuned model sees the problem alone, the base model worked examples before it.",
            _fenced(prompt(good()[1].text)),
            _fenced(few_shot(good()[1].text, [(prompt(good()[2].text), good()[2].proof)])),
        )
    ) + "\n"  # fmt: skip


def _teacher() -> Request:
    settings = DataGen.model_validate(
        {
            "techniques": TECHNIQUES,
            "difficulties": (1, 2, 3, 4),
            "variables": (2, 3, 4),
            "teacher": {"model": _MODEL.model_dump(), "requests": 1, "shots": 1},
        }
    )
    assert settings.teacher is not None
    (ask,) = plan(settings, 1, SEED)
    return request_for(ask, Exemplars(settings, 1, SEED), settings.teacher)


def _verifier() -> Request:
    panel = Panel(_MODEL, votes=1, shots=2, temperature=0.0, max_new_tokens=400)
    row = bad()[1]
    question = Question("", row.text, row.proof)
    return requests_for(question, panel, worked_examples(2, SEED), SEED)[0]


def _judge() -> Request:
    row = bad()[1]
    settings = Judge(model=_MODEL, shots=2)
    question = judge.Question("", row.text, row.proof)
    return judge.requests_for(question, settings, judge.worked(2, SEED), SEED)[0]


def _keys(schema: dict[str, object]) -> str:
    required = schema["required"]
    assert isinstance(required, list)
    names = ", ".join(f"`{name}`" for name in required)
    return f"The answer is a JSON object with {names}; engines that can, enforce its schema."


def _conversation(request: Request) -> str:
    assert not isinstance(request.prompt, str)
    return "\n\n".join(
        f"**{message.role}**\n\n{_fenced(message.content)}" for message in request.prompt
    )


def _fenced(text: str) -> str:
    return f"````text\n{text.rstrip()}\n````"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--check", type=Path)
    arguments = parser.parse_args()
    if arguments.write:
        write_text(arguments.write, rendered())
    if arguments.check and arguments.check.read_text(encoding="utf-8") != rendered():
        raise UserError(str(arguments.check), "the prompts have changed since", "make docs")


if __name__ == "__main__":
    run_main(main)
