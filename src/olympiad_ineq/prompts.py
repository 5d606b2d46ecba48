"""What models are asked: the one form of prompt that students are trained on and tested with, and
the instructions to teacher, verifier and judge, which are files in config/prompts.
"""

from collections.abc import Iterable
from pathlib import Path

from olympiad_ineq.errors import from_os_error

TEMPLATES = Path(__file__).resolve().parents[2] / "config" / "prompts"

# Where an answer ends that goes on to invent a further problem. The same for every run: baseline
# and final differ in their weights and in the worked examples alone.
STOP = ("\nProblem:",)


def prompt(problem_text: str) -> str:
    """The zero-shot prompt; the proof follows it at once."""
    return f"Problem: {problem_text}\nProof:\n"


def few_shot(problem_text: str, examples: Iterable[tuple[str, str]]) -> str:
    """Worked examples (prompt, completion), each followed by a blank line, then the problem."""
    shots = "".join(f"{ask}{answer.strip()}\n\n" for ask, answer in examples)
    return shots + prompt(problem_text)


def instructions(name: str) -> str:
    """The text of config/prompts/<name>.md.

    Raises:
        UserError: there is no such file.
    """
    path = TEMPLATES / f"{name}.md"
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise from_os_error(error, path) from error
