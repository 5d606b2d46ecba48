"""Folders that appear whole or not at all, as `artifacts.atomic_path` does for files."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from olympiad_ineq.artifacts import exclusive
from olympiad_ineq.errors import UserError, from_os_error


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty sibling folder; flush it and rename it to `path` if the block ends well.

    One writer at a time: a second one waits. What a killed writer left is removed by the next.

    Raises:
        UserError: the disk is full or the folder cannot be written to. `path` is untouched.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with exclusive(path.with_name(f".{path.name}.lock"), str(path)):
        try:
            _remove(temporary)
            temporary.mkdir()
            yield temporary
            _flush(temporary)
            _remove(path)
            temporary.rename(path)
        except Exception as error:
            full = refused_by_disk(error, path)
            if full is None:
                raise
            raise full from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def keep_links(source: Path, target: Path) -> None:
    """Make `target` a folder of hard links to the files of `source`: no second copy on the disk.

    What is deleted at `source` stays at `target`. Does nothing on a file system without hard links.
    """
    with suppress(UserError), atomic_folder(target) as folder:
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            link = folder / file.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, link)


def refused_by_disk(error: BaseException, path: Path) -> UserError | None:
    """Say that the disk is full in one line, whichever library noticed, or None if it is not that.

    torch and safetensors write from compiled code and wrap the system's refusal in errors of their
    own, so the message is all there is to go by.
    """
    if isinstance(error, UserError):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return from_os_error(error, path)
    text = str(error)
    if "os error 28" in text or "No space left" in text or "failed writing file" in text:
        return UserError(
            str(path), "the disk is full", "free some space and run the same command again"
        )
    return None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o644)  # safetensors writes for its owner's eyes alone
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
