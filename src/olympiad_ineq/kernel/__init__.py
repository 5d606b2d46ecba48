"""The trusted kernel: exact arithmetic, no model, no search. See check.py and certificate.py."""

from .check import ProofVerdict, StepVerdict, check_proof
from .statement import Statement
from .syntax import Chain, Expr, Unreadable, parse_chain, parse_expr
from .witness import WitnessVerdict, check_witness

__all__ = [
    "Chain",
    "Expr",
    "ProofVerdict",
    "Statement",
    "StepVerdict",
    "Unreadable",
    "WitnessVerdict",
    "check_proof",
    "check_witness",
    "parse_chain",
    "parse_expr",
]
