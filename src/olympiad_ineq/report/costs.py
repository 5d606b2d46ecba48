"""What the stages of a run took, from the manifests beside what they made."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one stage took: seconds on so many GPUs, tokens, dollars where a price is known."""

    stage: str
    seconds: float
    gpus: int
    tokens: int
    dollars: float | None


def costs(stages: Iterable[tuple[str, Path]]) -> Iterator[Cost]:
    """The cost of each named artifact; one without a readable manifest is not listed."""
    for name, artifact in stages:
        path = artifact.with_name(artifact.name + ".manifest.json")
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        tokens = manifest.get("tokens")
        yield Cost(
            stage=name,
            seconds=float(manifest.get("seconds") or manifest.get("wall_seconds") or 0.0),
            gpus=len((manifest.get("hardware") or {}).get("gpus") or ()),
            tokens=sum(tokens.values()) if isinstance(tokens, dict) else int(tokens or 0),
            dollars=manifest.get("dollars"),
        )
