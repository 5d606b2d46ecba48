"""The data stages as one process that can be killed: generate, check, vote; see test_kills.py."""

import sys
from collections import Counter
from pathlib import Path

from olympiad_ineq import artifacts, exemplars
from olympiad_ineq.data_gen.model import generate_shard
from olympiad_ineq.records import TECHNIQUES, Candidate
from olympiad_ineq.settings import DataGen, Verifier
from olympiad_ineq.verifier import gather_votes, vote_on_shard
from olympiad_ineq.verify import check_candidates

SEED = 11
exemplars.good(), exemplars.bad()  # once, in the server that victims are forked from


def settings(url: str) -> tuple[DataGen, Verifier]:
    """A teacher with a target that takes several rounds, and a verifier."""
    shared = {"engine": "openai", "base_url": url, "max_model_len": 8192}
    data_gen = DataGen.model_validate(
        {
            "techniques": TECHNIQUES,
            "difficulties": (1, 2),
            "variables": (2, 3),
            "teacher": {
                "model": {"name": "teacher", "family": "a", **shared},
                "requests": 120, "target": 60, "expected_yield": 0.9, "shots": 1,
            },
        }
    )  # fmt: skip
    verifier = Verifier.model_validate(
        {
            "model": {"name": "verifier", "family": "b", **shared},
            "votes": 2, "shards": 2, "shots": 2, "audit_sound": 4, "audit_mutants": 8,
        }
    )  # fmt: skip
    return data_gen, verifier


def run(folder: Path, url: str) -> None:
    """From requests to votes; what is finished stays finished."""
    log = (folder / "log").open("a")
    sys.stdout = sys.stderr = log
    data_gen, verifier = settings(url)
    rows, checked = folder / "rows.jsonl", folder / "checked.jsonl"
    generate_shard(
        data_gen, 0, SEED, rows, folder / "rejects.jsonl", folder / "journal" / "teacher"
    )
    verdicts = check_candidates(
        artifacts.read_jsonl(rows, Candidate),
        seconds=20, memory_mb=2048, workers=2, grades=Counter(),
    )  # fmt: skip
    artifacts.write_jsonl(checked, verdicts)
    shards = [
        (folder / f"{shard}.votes.jsonl", folder / f"{shard}.audit.jsonl") for shard in range(2)
    ]
    for shard, files in enumerate(shards):
        journal = folder / "journal" / f"verifier {shard}"
        vote_on_shard(rows, checked, *files, journal, settings=verifier, seed=SEED, shard=shard)
    votes, audits = [own for own, _ in shards], [audit for _, audit in shards]
    out = (folder / "votes.jsonl", folder / "audit.json")
    gather_votes(votes, audits, *out, settings=verifier)
    (folder / "done").touch()
