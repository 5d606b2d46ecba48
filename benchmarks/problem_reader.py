"""How many public problem statements are read: `python benchmarks/problem_reader.py`.

tests/language/public_statements.jsonl holds them with their sources, in three samples: the reader
was mended with the first, met the second and was mended again, then met the third. `scope` says
whether our statements can express the problem at all: one inequality in declared real variables,
with roots at most (no |x|, minimum, sine, n variables, integers, second goal).
"""

from __future__ import annotations

import json
from pathlib import Path

from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable

FILE = Path(__file__).parents[1] / "tests" / "language" / "public_statements.jsonl"


def is_read(text: str) -> bool:
    try:
        read_problem(text)
    except Unreadable:
        return False
    return True


def main() -> None:
    rows = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    for sample in sorted({row["sample"] for row in rows}):
        mine = [row for row in rows if row["sample"] == sample]
        found = [row for row in mine if is_read(row["text"])]
        scope = sum(row["scope"] for row in mine)
        print(f"sample {sample}: {len(found)} of {len(mine)} read; {scope} can be expressed")


if __name__ == "__main__":
    main()
