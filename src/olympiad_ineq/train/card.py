"""The model card: what the student learned from, and what it is good for."""

from collections import Counter
from collections.abc import Sequence

from olympiad_ineq.records import Example
from olympiad_ineq.settings import Train

GRADE_MEANING = {
    "proved": "the exact kernel accepted every step and the goal",
    "supported": "every displayed relation is certified, but a reason was not matched",
    "open": "nothing was refuted, something was not certified",
}


def card(
    examples: Sequence[Example], settings: Train, left_out: dict[str, int], tokens: int, seed: int
) -> str:
    """The card as Markdown with the front matter that model hubs read."""
    student = settings.student
    base = f"base_model: {student.name}\n" if student.source == "hub" else ""
    revision = f", revision {student.revision}" if student.revision else ""
    lines = [
        f"---\n{base}pipeline_tag: text-generation\ntags:\n- mathematics\n- inequalities\n---",
        "# A student of olympiad inequalities",
        f"A full fine-tuning of {student.name} ({student.source}{revision}) "
        "that writes proofs of inequalities.",
        "## How to ask it",
        "The prompt is plain text, without a chat template; the answer ends with the end-of-text "
        "token:",
        f"```text\n{examples[0].prompt}```",
        "## What it was trained on",
        f"{len(examples):,} examples, {tokens:,} tokens a pass, {settings.epochs:g} passes, "
        f"learning rate {settings.learning_rate:g}, batches of {settings.batch_size}, seed {seed}. "
        "The loss covers the proofs alone.",
        _table("grade", Counter(f"{e.grade}: {GRADE_MEANING[e.grade]}" for e in examples)),
        _table("technique", Counter(e.technique for e in examples)),
        _table("source", Counter(f"{e.source.kind}: {e.source.name}" for e in examples)),
    ]
    if left_out:
        lines.append(_table("left out", Counter(left_out)))
    lines += [
        "## Limits",
        "It has seen inequalities of these techniques in these phrasings and little else. Its "
        "proofs read well whether or not they are right: have each one checked, as "
        "`olympiad-ineq check` does.",
    ]
    if any(e.source.kind == "model" and "qwen" in e.source.name.lower() for e in examples):
        lines += ["## Licence of the data", "Built with Qwen."]
    return "\n\n".join(lines) + "\n"


def _table(title: str, counts: Counter[str]) -> str:
    rows = [f"| {name} | {count:,} |" for name, count in counts.most_common()]
    return "\n".join([f"| {title} | examples |", "|---|---|", *rows])
