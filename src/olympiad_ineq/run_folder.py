"""results/run.json: which run a results folder belongs to; one workflow at a time there.

Two runs never mix in one folder, and two live Snakemakes never share one.
"""

import fcntl
import json
from pathlib import Path
from typing import IO

from olympiad_ineq.artifacts import write_json
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.settings import Settings

_held: list[IO[str]] = []  # open for the life of this process; the kernel drops the lock with it


def claim(folder: Path, settings: Settings) -> None:
    """Mark `folder` as this run's and hold it until this process ends, or refuse.

    A changed value under the same name is the same run, brought up to date: its stages rerun as
    Snakemake sees fit. Another name is another run.

    Raises:
        UserError: the folder belongs to another run, another workflow is at work in it, its marker
            is damaged, or it cannot be written to.
    """
    _hold(folder)
    marker = folder / "run.json"
    owner = _owner(marker) or settings.name
    if owner != settings.name:
        raise UserError(
            f"config name = {settings.name!r}",
            f"{marker} says that this folder holds run {owner!r}, and two runs never share one",
            f"run in another folder (`snakemake --directory runs/{settings.name} ...`), "
            f"or move {folder} away",
        )
    write_json(marker, {"name": settings.name, "settings": settings.model_dump(mode="json")})


def check_record(folder: Path, settings: Settings) -> None:
    """Refuse to go on with results of which Snakemake does not know what made them.

    Params and what a failed job left undone stand in `.snakemake` alone: without it everything that
    is there counts as made with these settings. It may, if they are those of the last run.

    Args:
        folder: where `results` is.

    Raises:
        UserError: results of other settings stand there, and Snakemake's record does not.
    """
    marker = folder / "results/run.json"
    records = (folder / ".snakemake").glob("metadata*")  # a folder, or a database
    if any(not record.is_dir() or any(record.iterdir()) for record in records):
        return
    if not marker.is_file() or not any((folder / "results").rglob("*.manifest.json")):
        return
    try:
        last = json.loads(marker.read_text(encoding="utf-8"))["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # `claim` says what is wrong with it
    now = json.loads(settings.model_dump_json())
    keys = [key for key in now if last.get(key) != now[key] and key not in ("plan", "report")]
    if keys:
        raise UserError(
            f"config {keys[0]}",
            f"{marker} has another value, and .snakemake, which says what was made with which, is "
            "not beside it",
            "copy it there with results, go on with the settings of run.json, or run in another "
            "folder",
        )


def _owner(marker: Path) -> str | None:
    try:
        return str(json.loads(marker.read_text(encoding="utf-8"))["name"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os_error(error, marker) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            str(marker), "it does not say which run this folder belongs to", "delete that file"
        ) from error


def _hold(folder: Path) -> None:
    lock = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = lock.open("a+", encoding="utf-8")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(
            str(folder),
            "another snakemake is at work in this folder",
            "wait for it, or stop it first",
        ) from error
    except OSError as error:
        raise from_os_error(error, folder) from error
    _held.append(handle)
