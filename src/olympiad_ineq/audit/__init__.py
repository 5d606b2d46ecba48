"""Proofs of known quality, to grade whoever grades proofs.

`audit_set` makes sound proofs, mutants by type of error, answers that say nothing and answers that
try to talk a judge into acceptance. What each one is worth is known before anybody judges it: sound
ones are proved by the kernel, mutants are not and the kernel's reason is kept, the rest prove
nothing. The same arguments give the same set on every machine.
"""

from olympiad_ineq.audit.attacks import ATTACKS, EMPTY
from olympiad_ineq.audit.mutants import ERRORS
from olympiad_ineq.audit.proofs import audit_set

__all__ = ["ATTACKS", "EMPTY", "ERRORS", "audit_set"]
