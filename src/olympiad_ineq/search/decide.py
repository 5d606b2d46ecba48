"""A statement's verdict: refuted with a witness, proved with a certificate, or open.

The order is by cost: sampling, certificates that need no solver, the shrinking search, solvers.
Every verdict but `open` was confirmed by the kernel.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.search.certify import CHEAP, DEAR, Certifier
from olympiad_ineq.search.refute import Refuter


@dataclass(frozen=True)
class Decision:
    """`reason` says for people what was found; `method` names the finders of the links."""

    verdict: Literal["proved", "refuted", "open"]
    reason: str
    certificate: dict[str, Any] | None = None
    witness: dict[str, str] | None = None
    method: tuple[str, ...] = field(default=())


def decide(statement: Statement, seconds: float = 5.0) -> Decision:
    """Prove or refute the statement within about the given time; `open` where neither succeeds."""
    deadline = time.monotonic() + seconds
    refuter = Refuter(statement)
    witness = refuter.quick()
    if witness is not None:
        return _refuted(statement, witness)
    certifier = Certifier(statement)
    for deep, methods in ((False, CHEAP), (True, DEAR)):
        if deep:
            witness = refuter.deep()
            if witness is not None:
                return _refuted(statement, witness)
        hints = refuter.minima() if deep else []
        certificate = certifier.run(methods, deadline, hints)
        if certificate is not None:
            names = tuple(certifier.methods)
            return Decision("proved", f"certified by {', '.join(names)}", certificate, None, names)
    if time.monotonic() < deadline:
        witness = refuter.deep(rounds=70, seeds=48, children=24)
        if witness is not None:
            return _refuted(statement, witness)
    why = certifier.trouble or "no certificate and no counterexample was found"
    return Decision("open", why)


def _refuted(statement: Statement, witness: dict[str, str]) -> Decision:
    point = ", ".join(f"{name} = {x}" for name, x in witness.items())
    return Decision("refuted", f"it fails at {point}", None, witness)
