"""Checkpoints that are whole, belong to this run, and never outgrow the disk.

A checkpoint is written under another name, sealed with the size and CRC of each of its files, and
renamed. On resuming, one without a seal, or whose files no longer match it, is thrown away, and so
is everything that another run (other data, settings, seed or base model) left in the folder.
"""

import json
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

from olympiad_ineq.artifacts import write_json

SEAL = "sealed.json"
KEPT = 2  # the last two: should the disk have damaged one, the other is still there


class Checkpoints:
    """The checkpoints of one run in its work folder. Hold the folder's lock while using it."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self._owner = folder / "run.json"
        self._staging = folder / "writing"
        shutil.rmtree(self._staging, ignore_errors=True)
        if self._found() and not self._belongs(fingerprint):
            self._say("checkpoints of another run (data, settings or model differ) are discarded")
            self.discard()
        write_json(self._owner, {"run": fingerprint})

    def latest(self) -> Path | None:
        """The newest whole checkpoint; damaged ones are removed on the way."""
        for path in reversed(self._found()):
            if is_whole(path):
                return path
            self._say(f"{path} is damaged and is not used")
            shutil.rmtree(path)
        return None

    def write(self, step: int, fill: Callable[[Path], None]) -> None:
        """Let `fill` write `checkpoint-<step>` into the folder it is given; keep the newest two."""
        shutil.rmtree(self._staging, ignore_errors=True)
        self._staging.mkdir(parents=True)
        fill(self._staging)
        new = self._staging / f"checkpoint-{step}"
        seal(new)
        final = self.folder / new.name
        shutil.rmtree(final, ignore_errors=True)
        new.rename(final)
        self._staging.rmdir()
        for path in self._found()[:-KEPT]:
            shutil.rmtree(path)

    def discard(self) -> None:
        """Remove all checkpoints."""
        for path in self._found():
            shutil.rmtree(path)

    def _found(self) -> list[Path]:
        named = [(_step(path), path) for path in self.folder.glob("checkpoint-*")]
        return [path for step, path in sorted(named) if step >= 0]

    def _belongs(self, fingerprint: str) -> bool:
        try:
            owner = json.loads(self._owner.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(owner, dict) and owner.get("run") == fingerprint

    @staticmethod
    def _say(text: str) -> None:
        print(f"train: {text}", file=sys.stderr)


def seal(folder: Path) -> None:
    """Write down what the folder holds, last of all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write_json(folder / SEAL, {str(path.relative_to(folder)): _sum(path) for path in files})


def is_whole(folder: Path) -> bool:
    """Whether every file is there and as it was when the folder was sealed."""
    try:
        expected = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        found = {name: _sum(folder / name) for name in expected}
        return bool(expected) and found == expected
    except (OSError, ValueError, TypeError):
        return False


def _sum(path: Path) -> list[int]:
    crc = 0
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 22):
            crc = zlib.crc32(chunk, crc)
    return [path.stat().st_size, crc]


def _step(path: Path) -> int:
    number = path.name.removeprefix("checkpoint-")
    return int(number) if number.isdigit() and path.is_dir() else -1
