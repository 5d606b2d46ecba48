"""results/eval/<run>.json from its files, and again from them: the same to the last digit."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.eval.score import read_manifest, score
from olympiad_ineq.records import Json, Judgement, Prediction


@dataclass(frozen=True)
class Sources:
    """The files that one run's score is a function of."""

    run: str
    predictions: Path
    judgements: Path
    reference: Path | None = None
    audit: Path | None = None

    def paths(self) -> list[Path]:
        """All of them that there are."""
        found = (self.predictions, self.judgements, self.reference, self.audit)
        return [path for path in found if path is not None]

    def settings(self) -> Json:
        """What a manifest records, so that `rescore` finds the same files again."""
        names = ("predictions", "judgements", "reference", "audit")
        paths = {name: getattr(self, name) for name in names}
        return {"run": self.run} | {name: str(path) for name, path in paths.items() if path}

    def scored(self, confidence: float) -> Json:
        """Count the judgements. Asks neither a model nor the checker.

        Raises:
            UserError: a file is missing, damaged, changed after it was made, or about other
                problems than the rest.
        """
        manifest = read_manifest(self.predictions)
        judged = read_manifest(self.judgements)
        reference = None
        if self.reference:
            read_manifest(self.reference)
            reference = list(artifacts.read_jsonl(self.reference, Judgement))
        return score(
            self.run,
            list(artifacts.read_jsonl(self.judgements, Judgement)),
            list(artifacts.read_jsonl(self.predictions, Prediction)),
            manifest,
            confidence=confidence,
            reference=reference,
            audit=_read(self.audit, self.audit) if self.audit else None,
            checker=judged.get("checker"),
        )


def rescore(path: Path, *, confidence: float | None = None) -> int:
    """Recompute a result from its predictions and judgements.

    Prints whether it is the same to the last digit; with another confidence, prints the new result.

    Returns:
        The exit status: 1 where the recomputed result differs.
    """
    manifest = path.with_name(path.name + ".manifest.json")
    fix = "give a result that the workflow scored: results/eval/<run>.json"
    if confidence is not None and not 0 < confidence < 1:
        rule = "it has to lie between 0 and 1"
        raise UserError(f"--confidence {confidence}", rule, "write 0.95 for 95 % intervals")
    if not path.is_file():
        rule = "it is a folder" if path.is_dir() else "there is no such file"
        raise UserError(str(path), rule, fix)
    if not manifest.is_file():
        raise UserError(str(path), "it is no scored result (no manifest is beside it)", fix)
    made = _read(manifest, path)
    if made.get("stage") != "score":
        raise UserError(str(path), "it is no scored result, but another stage's file", fix)
    settings = made.get("settings", {})
    result = _read(path, path)
    try:
        files = {
            name: _beside(path, settings[name]) if settings.get(name) else None
            for name in ("predictions", "judgements", "reference", "audit")
        }
        run, recorded = settings["run"], settings["confidence"]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{path}'s manifest", "it does not name its sources", f"run `snakemake {path}` again"
        ) from error
    predictions, judgements = files["predictions"], files["judgements"]
    if predictions is None or judgements is None:
        raise UserError(
            f"{path}'s manifest", "it does not name its sources", f"run `snakemake {path}` again"
        )
    sources = Sources(run, predictions, judgements, files["reference"], files["audit"])
    found = sources.scored(recorded if confidence is None else confidence)
    found = json.loads(json.dumps(found))
    if confidence is not None:
        print(json.dumps(found, indent=2))
        return 0
    different = [key for key in {**result, **found} if result.get(key) != found.get(key)]
    if different:
        print(f"{path}: recomputed, and {', '.join(different)} differ")
        return 1
    print(f"{path}: recomputed from {found['n']} judged answers, the same to the last digit")
    return 0


def _beside(result: Path, name: str) -> Path:
    """A file that the manifest names from the folder of results, in the folder this result is in.

    A copy is recomputed from its own files, whatever it is called now.
    """
    folder = result.resolve().parents[1]
    parts = Path(name).parts
    return folder.joinpath(*parts[1:]) if parts[0] == "results" else folder.parent / name


def _read(path: Path, artifact: Path) -> dict[str, Any]:
    """A file of the workflow's own, as its manifest says; `artifact` is what makes it again."""
    fix = f"delete {artifact} and run `snakemake {artifact}` again"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, path) from error
    except ValueError as error:
        raise UserError(str(path), "it is not JSON", fix) from error
    if not isinstance(found, dict):
        raise UserError(str(path), "it is not a JSON object", fix)
    return found
