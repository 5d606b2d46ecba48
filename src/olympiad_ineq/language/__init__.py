"""Between mathematics that people write and kernel syntax, both ways."""

from .notes import ReadProof, Unread
from .read import read_proof
from .render import (
    PROBLEM_PHRASINGS,
    PROOF_PHRASINGS,
    canonical_steps,
    render_problem,
    render_proof,
)
from .spelling import canonical, render_expr
from .statement import ProblemFields, read_problem

__all__ = [
    "PROBLEM_PHRASINGS",
    "PROOF_PHRASINGS",
    "ProblemFields",
    "ReadProof",
    "Unread",
    "canonical",
    "canonical_steps",
    "read_problem",
    "read_proof",
    "render_expr",
    "render_problem",
    "render_proof",
]
