"""The trusted kernel: trees in, theorems and refutations out, in exact arithmetic.

It reads no text, searches for nothing and knows no model. theorem.py has the rules by which a
theorem is made, witness.py what refutes a statement.
"""

from .trees import Chain, Expr, Statement
from .witness import WitnessVerdict, check_witness

__all__ = ["Chain", "Expr", "Statement", "WitnessVerdict", "check_witness"]
