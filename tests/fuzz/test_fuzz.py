"""A short hunt in every test run, and proof that the hunt would find a hole."""

import random

import pytest

from tests.fuzz.mutants import accepted_claims, falsehood, hunt, mutant, seeds


def test_no_false_claim_is_accepted() -> None:
    accepted = 0
    for count, _, hole in hunt(300, seed=random.Random().randrange(10**6), symbolic=24):
        assert hole is None, hole
        accepted += count > 0
    assert accepted > 50


def test_the_hunt_finds_what_a_careless_kernel_would_accept() -> None:
    """With every claim taken for accepted, false ones are met at once."""
    rng = random.Random(3)
    cases = seeds(16, 1)
    found = 0
    for k in range(120):
        case = mutant(cases[k % len(cases)], rng)
        if accepted_claims(case) is not None:
            found += falsehood(case, case["problem"]["goal"], deep=False) is not None
    assert found >= 20


@pytest.mark.parametrize("domain", ["real", "nonnegative"])
def test_a_domain_mutant_is_seen(domain: str) -> None:
    problem = {"variables": ["a", "b"], "domain": domain, "given": [], "goal": ""}
    case = {"problem": problem, "steps": []}
    witness = falsehood(case, "a/b+b/a >= 2", deep=False)
    assert witness is not None
