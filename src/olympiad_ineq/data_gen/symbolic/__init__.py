"""Problems with step proofs, sound by construction: the symbolic source.

`generate` draws problems evenly over technique and difficulty, distinct under the canonical key.
Each cell has its own stream of random numbers, so that a longer run begins with a shorter one.
Soundness is by construction only; the verify stage asks the kernel about every row all the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.data_gen.symbolic import amgm, cauchy, sos, weighted_amgm
from olympiad_ineq.data_gen.symbolic.sketch import Sketch, Template, Work
from olympiad_ineq.language import (
    PROBLEM_PHRASINGS,
    PROOF_PHRASINGS,
    canonical,
    canonical_steps,
    render_problem,
    render_proof,
)
from olympiad_ineq.records import Domain, Technique

__all__ = ["TECHNIQUES", "Draft", "Generation", "Shortfall", "generate"]

TEMPLATES: dict[str, tuple[Template, ...]] = {
    "amgm": amgm.TEMPLATES,
    "weighted_amgm": weighted_amgm.TEMPLATES,
    "cauchy": cauchy.TEMPLATES,
    "sos": sos.TEMPLATES,
}
TECHNIQUES = tuple(TEMPLATES)
DIFFICULTIES = (1, 2, 3, 4)

NAMES: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (("x",), ("x",), ("a",), ("t",), ("y",)),
    2: (("a", "b"), ("a", "b"), ("x", "y"), ("x", "y"), ("p", "q"), ("u", "v"), ("m", "n")),
    3: (
        ("a", "b", "c"),
        ("a", "b", "c"),
        ("x", "y", "z"),
        ("x", "y", "z"),
        ("p", "q", "r"),
        ("u", "v", "w"),
    ),
    4: (("a", "b", "c", "d"), ("a", "b", "c", "d"), ("x", "y", "z", "w"), ("p", "q", "r", "s")),
}
# How often a problem has so many variables, before the user's choice is applied.
SHARES = {1: (2, 4, 4, 1), 2: (1, 4, 5, 2), 3: (1, 4, 5, 3), 4: (1, 3, 5, 4)}

# A cell that gives nothing new in so many attempts in a row is taken for exhausted.
PATIENCE = 3000


@dataclass(frozen=True, slots=True)
class Draft:
    """A problem, its proof as steps and prose, and where it came from."""

    variables: tuple[str, ...]
    domain: Domain
    given: tuple[str, ...]
    goal: str
    text: str
    technique: Technique
    difficulty: int
    family: str
    steps: tuple[dict[str, Any], ...]
    proof_text: str
    equality: dict[str, Any]
    template: str
    key: str


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A cell that gave fewer problems than its share."""

    technique: str
    difficulty: int
    wanted: int
    given: int

    def __str__(self) -> str:
        return (
            f"{self.technique}, difficulty {self.difficulty}: {self.given} of {self.wanted} "
            "distinct problems"
        )


class _Cell:
    """One technique at one difficulty: an endless stream of distinct problems, until it is dry."""

    def __init__(
        self, technique: str, difficulty: int, variables: Sequence[int], seed: int
    ) -> None:
        self.technique, self.difficulty, self.seed = technique, difficulty, seed
        self.attempt = 0
        self.families: dict[str, int] = {}
        self.choices: list[tuple[int, list[Template]]] = []
        for n in variables:
            fitting = [
                t for t in TEMPLATES[technique] if n in t.variables and difficulty in t.levels
            ]
            if fitting:
                self.choices.append((n, fitting))
        self.dry = not self.choices

    def draw(self, seen: set[str]) -> Draft | None:
        """The next problem whose key is not in `seen` (which it joins), or None once dry."""
        last = self.attempt + PATIENCE
        while not self.dry and self.attempt < last:
            draft = self.try_once(seen)
            self.attempt += 1
            if draft is not None:
                return draft
        self.dry = True
        return None

    def try_once(self, seen: set[str]) -> Draft | None:
        rng = Random(f"{self.seed}/{self.technique}/{self.difficulty}/{self.attempt}")
        shares = [SHARES[self.difficulty][n - 1] for n, _ in self.choices]
        n, templates = rng.choices(self.choices, shares)[0]
        template = rng.choices(templates, [t.weight for t in templates])[0]
        work = Work(rng=rng, names=rng.choice(NAMES[n]), level=self.difficulty)
        sketch = template.make(work)
        if sketch is None:
            return None
        # The more a family has given, the less willingly it is drawn again.
        count = self.families.get(sketch.family, 0)
        if rng.random() > max(0.15, 2 / (2 + count)):
            return None
        key = canonical_key(sketch.names, sketch.domain, sketch.given, sketch.goal)
        if key in seen:
            return None
        seen.add(key)
        self.families[sketch.family] = count + 1
        return self.dress(sketch, template, rng, key)

    def dress(self, sketch: Sketch, template: Template, rng: Random, key: str) -> Draft:
        """Put a sketch into words."""
        names = sketch.names
        goal = canonical(sketch.goal, names)
        given = tuple(canonical(g, names) for g in sketch.given)
        steps = tuple(canonical_steps(sketch.steps, names))
        phrasing = rng.randrange(PROBLEM_PHRASINGS)
        if len(names) == 1 and phrasing == 2:
            phrasing = 0  # "for all reals x" wants a plural
        text = render_problem(names, sketch.domain, given, goal, phrasing)
        # Proofs keep to one wording mostly: what is to be learnt is the mathematics.
        wording = rng.randrange(PROOF_PHRASINGS) if rng.random() < 0.25 else 0
        # The equality case is said from difficulty 3 on, and where prose about it reads back.
        said = self.difficulty >= 3 and "-" not in str(sketch.equality)
        shown = sketch.equality if said else None
        proof = render_proof(steps, wording, variables=names, equality=shown)
        return Draft(
            variables=names,
            domain=sketch.domain,
            given=given,
            goal=goal,
            text=text,
            technique=self.technique,  # type: ignore[arg-type]
            difficulty=self.difficulty,
            family=sketch.family,
            steps=steps,
            proof_text=proof,
            equality=sketch.equality,
            template=template.name,
            key=key,
        )


class Generation(Iterator[Draft]):
    """The drafts, one by one; `shortfalls` says afterwards which cells fell short."""

    def __init__(self, cells: Sequence[_Cell], count: int) -> None:
        self.cells, self.count = cells, count
        share, rest = divmod(count, len(cells))
        self.wanted = [share + (i < rest) for i in range(len(cells))]
        self.made = [0] * len(cells)
        self._drafts = self._draw()

    def _draw(self) -> Iterator[Draft]:
        seen: set[str] = set()
        for index in range(self.count):
            at = index % len(self.cells)
            if self.cells[at].dry:
                continue
            draft = self.cells[at].draw(seen)
            if draft is not None:
                self.made[at] += 1
                yield draft

    def __next__(self) -> Draft:
        return next(self._drafts)

    @property
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """Cells below their share; complete once the drafts have been consumed."""
        return tuple(
            Shortfall(cell.technique, cell.difficulty, wanted, made)
            for cell, wanted, made in zip(self.cells, self.wanted, self.made, strict=True)
            if made < wanted
        )


def generate(
    techniques: Sequence[str],
    variables: Sequence[int],
    difficulties: Sequence[int],
    count: int,
    seed: int,
) -> Generation:
    """Draw `count` distinct problems, spread evenly over techniques × difficulties.

    The same arguments give the same drafts on every machine; a larger count only appends (as long
    as no cell runs dry). A cell that cannot give its share is not made up for by others: the
    result is shorter, and `shortfalls` says by how much and where.

    Raises:
        ValueError: an argument is empty or out of range.
    """
    for what, values, allowed in (
        ("techniques", techniques, TECHNIQUES),
        ("variables", variables, tuple(NAMES)),
        ("difficulties", difficulties, DIFFICULTIES),
    ):
        wrong = [v for v in values if v not in allowed]
        if wrong or not values or len(set(values)) < len(values):
            raise ValueError(f"{what} must be distinct values from {allowed}, not {list(values)}")
    if count < 0:
        raise ValueError(f"count must not be negative, not {count}")
    cells = [
        _Cell(technique, difficulty, sorted(variables), seed)
        for technique in techniques
        for difficulty in difficulties
    ]
    return Generation(cells, count)
