"""The symbolic source's drafts as candidate records."""

import sys

from olympiad_ineq.data_gen.symbolic import Draft, generate
from olympiad_ineq.records import Candidate, Problem, Proof, Source
from olympiad_ineq.settings import DataGen


def symbolic_candidates(settings: DataGen, seed: int) -> list[Candidate]:
    """Draw `settings.symbolic` candidates, distinct as problems, evenly over the cells."""
    drafts = generate(
        settings.techniques, settings.variables, settings.difficulties, settings.symbolic, seed
    )
    return [_candidate(draft) for draft in drafts]


def _candidate(draft: Draft) -> Candidate:
    problem = Problem(
        text=draft.text,
        variables=draft.variables,
        domain=draft.domain,
        given=draft.given,
        goal=draft.goal,
        technique=draft.technique,
        difficulty=draft.difficulty,
    )
    proof = Proof(text=draft.proof_text, steps=draft.steps, equality=draft.equality)
    source = Source(kind="symbolic", name=draft.template, family=draft.family)
    return Candidate.make(problem, proof, source)
