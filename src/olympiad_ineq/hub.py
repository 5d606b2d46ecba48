"""Models on the hub: fetched once, by a local rule where there is network, and then read from the
cache alone, since compute nodes have no network.
"""

import json
import re
from pathlib import Path

from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Model

FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "LICENSE*", "README.md")
_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def is_hub_id(model: Model) -> bool:
    """Whether its weights come from the hub: neither an endpoint's model nor a folder."""
    here = model.engine != "openai" and not Path(model.name).is_dir()
    return here and _ID.fullmatch(model.name) is not None


def fetch(name: str, revision: str | None, where: str) -> Path:
    """The folder of a model in the hub's cache, downloaded if it is not there.

    Raises:
        UserError: says why it cannot be had; it names `where` the config asks for it.
    """
    from huggingface_hub import snapshot_download

    where = f"{where}.name = {name!r}, revision {revision or 'main'}"
    try:
        found = Path(snapshot_download(name, revision=revision, allow_patterns=list(FILES)))
        if not is_whole(found):
            raise FileNotFoundError(f"{found} holds a part of the model")
        return found
    except Exception as error:  # the hub's client lets errors of several network libraries through
        kind = type(error).__name__
        if kind in ("RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError"):
            raise UserError(
                where, "the hub knows no such model or revision", "correct the name or revision"
            ) from error
        if kind == "GatedRepoError":
            raise UserError(
                where, "the model is gated", "accept its licence on the hub and run `hf auth login`"
            ) from error
        pinned = f" --revision {revision}" if revision else ""
        raise UserError(
            where,
            "the model is not whole in the local cache and the hub cannot be reached",
            f"run `hf download {name}{pinned}` on a machine with network that shares HF_HOME, or "
            "name a folder",
        ) from error


def place(model: Model) -> tuple[str, str | None]:
    """Where to load a model from, and which revision: its folder in the cache if it is whole."""
    if not is_hub_id(model):
        return model.name, model.revision
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(model.name, revision=model.revision, local_files_only=True)
    except LocalEntryNotFoundError:
        return model.name, model.revision
    return (found, None) if is_whole(Path(found)) else (model.name, model.revision)


def is_whole(folder: Path) -> bool:
    """Whether config and all weights are there: offline, the hub's client is content with less."""
    if not (folder / "config.json").is_file():
        return False
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return any(folder.glob("*.safetensors"))
    parts = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return all((folder / part).is_file() for part in set(parts))
