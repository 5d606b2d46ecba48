"""Parts of the training side: nested by share, or of one kind of row; families stay whole."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from olympiad_ineq.curve.runs import Part
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Example
from olympiad_ineq.settings import DataSet


def choose(examples: Sequence[Example], part: Part) -> list[Example]:
    """The rows of a part, in the order given.

    Within each technique families stand in an order that the seed alone fixes, and a share takes
    them from the front: a smaller share's rows are all in a larger one's, and every share has
    about the same mix of techniques.

    Raises:
        UserError: no row is of the kind that is asked for.
    """
    kept = [example for example in examples if part.rows is None or is_of(example, part.rows)]
    if not kept:
        raise UserError(
            f"ablation.sets: {part.rows}" if part.rows else "the training examples",
            f"none of the {len(examples)} training examples is of that kind",
            "leave the set out of ablation.sets, or add its source to data_gen",
        )
    share = min(part.share, part.most / len(kept)) if part.most else part.share
    chosen = _front(kept, share, part.seed)
    return [example for example in kept if example.id in chosen]


def is_of(example: Example, kind: DataSet) -> bool:
    """Whether a row belongs to a set of the data ablation."""
    match kind:
        case "symbolic" | "model":
            return example.source.kind == kind
        case "proved":
            return example.grade == "proved"
        case "proved_verified":  # `open` rows are in the data only where the second model accepted
            return example.grade in ("proved", "open")


def _front(examples: Sequence[Example], share: float, seed: int) -> set[str]:
    families: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example in examples:
        families[(example.technique, example.family)].append(example.id)
    totals: dict[str, int] = defaultdict(int)
    for (technique, _), ids in families.items():
        totals[technique] += len(ids)
    chosen: set[str] = set()
    taken: dict[str, int] = defaultdict(int)
    for key in sorted(families, key=lambda key: _place(seed, key[1])):
        technique = key[0]
        if taken[technique] < share * totals[technique]:
            taken[technique] += len(families[key])
            chosen.update(families[key])
    return chosen


def _place(seed: int, family: str) -> str:
    return hashlib.sha256(f"{seed}\0{family}".encode()).hexdigest()
