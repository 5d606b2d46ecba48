"""What a student sees: the one form of prompt that it is trained on and tested with."""

from collections.abc import Iterable

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
