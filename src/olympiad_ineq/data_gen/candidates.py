"""The symbolic source's drafts as candidate records."""

from tqdm import tqdm

from olympiad_ineq.data_gen.symbolic import Draft, generate
from olympiad_ineq.records import Candidate, Problem, Proof, Source
from olympiad_ineq.settings import DataGen


def symbolic_candidates(settings: DataGen, seed: int) -> tuple[list[Candidate], list[str]]:
    """Draw `settings.symbolic` candidates, distinct as problems, evenly over the cells.

    Returns:
        The candidates, and a sentence for each cell of technique × difficulty that ran dry.
    """
    drafts = generate(
        settings.techniques, settings.variables, settings.difficulties, settings.symbolic, seed
    )
    progress = tqdm(drafts, total=settings.symbolic, desc="data_gen", unit="problem", mininterval=1)
    candidates = [_candidate(draft) for draft in progress]
    return candidates, [
        f"{short.technique}, difficulty {short.difficulty}: "
        f"{short.given} distinct problems of {short.wanted} asked for"
        for short in drafts.shortfalls
    ]


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
