"""Proofs and certificates judged: which reason gives which claim. Theorems come from the kernel."""

from .certificate import CertificateVerdict, replay
from .check import ProofVerdict, StepVerdict, check_proof
from .points import check_witness
from .prose import grade_text

__all__ = [
    "CertificateVerdict",
    "ProofVerdict",
    "StepVerdict",
    "check_proof",
    "check_witness",
    "grade_text",
    "replay",
]
