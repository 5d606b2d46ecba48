"""The card beside train.parquet and test.parquet: what is in them, and how it came to be there.

Its YAML header is what `datasets.load_dataset("results/split")` reads.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from olympiad_ineq.records import GRADES, TECHNIQUES, Example, Json

_HEADER = """---
configs:
  - config_name: default
    data_files:
      - split: train
        path: train.parquet
      - split: test
        path: test.parquet
language: [en]
license: {licence}
task_categories: [text-generation]
tags: [mathematics, inequalities, proofs]
---"""

_GRADES = {
    "proved": "the kernel accepts every step and the goal, in exact arithmetic",
    "supported": "every displayed relation is certified; a stated reason was not matched",
    "open": "not decided by the checker; accepted by a second model that passed its audit",
}


def card(train: Sequence[Example], test: Sequence[Example], audit: Json | None) -> str:
    """The card as Markdown.

    Args:
        audit: the verifier's audit, where there was a verifier.
    """
    rows = [*train, *test]
    makers = sorted({row.source.name for row in rows if row.source.kind == "model"})
    qwen = [maker for maker in makers if "qwen" in maker.lower()]
    parts = [
        _HEADER.format(licence="other" if makers else "mit"),
        "# Olympiad inequalities with checked proofs",
        "**Built with Qwen.**" if qwen else "",
        f"{len(train):,} training and {len(test):,} test examples. Each has a `prompt` and a "
        "`completion` (the proof), the problem and the proof's steps as JSON, a `grade`, the "
        "`evidence` for it, and its source.",
        "    datasets.load_dataset('results/split')          # train and test, offline\n"
        "    olympiad-ineq recheck train.parquet             # replays every proof",
        "## Counts",
        _table("technique", train, test, lambda row: row.technique, TECHNIQUES),
        _table("difficulty", train, test, lambda row: str(row.difficulty), "1234"),
        _table("source", train, test, _source, sorted({_source(row) for row in rows})),
        "## Grades",
        _table("grade", train, test, lambda row: row.grade, GRADES),
        "\n".join(
            f"- `{grade}`: {meaning}"
            for grade, meaning in _GRADES.items()
            if any(row.grade == grade for row in rows)
        ),
        _audited(audit),
        "## Split",
        "One row a problem (renaming, reordering and scaling are the same problem); nearly equal "
        "texts once; families of related problems whole on one side.",
        "## Licences",
        _licences(makers, qwen),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _source(row: Example) -> str:
    return "symbolic" if row.source.kind == "symbolic" else row.source.name


def _table(
    what: str,
    train: Sequence[Example],
    test: Sequence[Example],
    key: Callable[[Example], str],
    order: Sequence[str],
) -> str:
    first, second = Counter(map(key, train)), Counter(map(key, test))
    lines = [f"| {what} | train | test |", "|---|---:|---:|"]
    lines += [
        f"| {value} | {first[value]:,} | {second[value]:,} |"
        for value in order
        if first[value] or second[value]
    ]
    lines.append(f"| all | {len(train):,} | {len(test):,} |")
    return "\n".join(lines)


def _audited(audit: Json | None) -> str:
    if not audit:
        return ""
    return f"The second model on proofs of known quality, in the same run: {audit['reason']}."


def _licences(makers: Sequence[str], qwen: Sequence[str]) -> str:
    lines = ["- Rows of the symbolic source: MIT, as this project."]
    for maker in makers:
        rest = "; its licence asks for the notice above" if maker in qwen else ""
        lines.append(f"- Rows written by {maker}: under the terms of that model's licence{rest}.")
    return "\n".join(lines)
