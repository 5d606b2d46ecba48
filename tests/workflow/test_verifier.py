"""A teacher's open proofs and the second model's shards in one real run."""

import json
from pathlib import Path
from typing import Any

from olympiad_ineq.artifacts import read_jsonl
from olympiad_ineq.records import Verdict
from tests.llm.batches import batch_endpoint
from tests.llm.test_verifier import YES
from tests.workflow.conftest import snakemake


def reply(line: dict[str, Any]) -> str:
    """The teacher writes problems with proofs that decide nothing; the verifier accepts them."""
    if line["body"]["model"] == "kind":
        return YES
    number = int(line["custom_id"], 16) % 10_000 + 2
    return json.dumps(
        {
            "text": f"Let $a, b > 0$. Prove that $a^2 + {number}b^2 \\ge 2ab$.",
            "variables": ["a", "b"], "domain": "positive", "given": [],
            "goal": f"a^2+{number}*b^2 >= 2*a*b", "steps": [],
            "proof": "We have $a^2 + b^2 \\ge 2ab$, and the rest is clear.", "equality": {},
        }
    )  # fmt: skip


def model(name: str, url: str) -> str:
    return (
        f"{{engine: openai, name: {name}, family: {name}, base_url: '{url}', "
        "batch: {poll_seconds: 0.1}}"
    )


def test_the_number_of_shards_changes_no_verdict(copied_run: Path) -> None:
    folder = copied_run / "results" / "verify"
    said = {}
    with batch_endpoint() as endpoint:
        endpoint.reply = reply
        endpoint.released.set()
        teacher, verifier = model("alfa", endpoint.url), model("kind", endpoint.url)
        for shards in (3, 2):
            done = snakemake(
                copied_run, "results/verify/verdicts.jsonl",
                data_gen__teacher=f"{{requests: 9, shots: 1, model: {teacher}}}",
                verify__verifier=f"{{shards: {shards}, votes: 1, shots: 1, audit_sound: 4, "
                f"audit_mutants: 8, model: {verifier}}}",
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-5000:]
            manifest = json.loads((folder / "votes.jsonl.manifest.json").read_text())
            assert manifest["shards"] == shards and manifest["outcomes"] == {"accepted": 9}
            names = ("verdicts.jsonl", "votes.jsonl", "audit.json")
            said[shards] = [(folder / name).read_bytes() for name in names]
    assert said[3] == said[2]
    voted = [
        verdict
        for verdict in read_jsonl(folder / "verdicts.jsonl", Verdict)
        if verdict.evidence.get("kind") == "votes"
    ]
    assert len(voted) == 9 and {verdict.grade for verdict in voted} == {"open"}
    # who accepts everything is not trusted, whatever the shards
    assert all(verdict.evidence["trusted"] is False for verdict in voted)
