"""Everything that touches disk: atomic files, JSON Lines, parquet, manifests, journals, locks.

A file under its final name is always whole: writers fill a sibling temporary file, flush it to the
disk and rename it (POSIX rename is atomic within a file system). A journal is the one exception: an
append-only file of finished work, each line checksummed, whose torn tail is dropped on reading.
"""

import fcntl
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.records import Json, Record

R = TypeVar("R", bound=Record)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; rename it to `path` if the block ends well.

    The temporary name holds machine and process, so two writers never share one, even where a
    cluster takes a node for lost and starts its job elsewhere.

    Raises:
        UserError: the disk is full or the folder cannot be written to. `path` is untouched.
    """
    temporary = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        raise from_os_error(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically (UTF-8)."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write indented JSON atomically, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path, fix: str) -> Any:
    """Read one JSON file.

    Raises:
        UserError: it cannot be read, or is not JSON; with this fix.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, path) from error
    except ValueError as error:
        raise UserError(str(path), "it is not JSON", fix) from error


def write_jsonl(path: Path, records: Iterable[Record]) -> int:
    """Write records atomically as JSON Lines and return how many there were."""
    count = 0
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        for record in records:
            handle.write(json.dumps(record.model_dump(mode="json"), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_jsonl(path: Path, kind: type[R]) -> Iterator[R]:
    """Read records from JSON Lines, one at a time.

    Raises:
        UserError: a line is torn, is not JSON, or is not a record of this kind: names the line.
    """
    try:
        handle = path.open("rb")
    except OSError as error:
        raise from_os_error(error, path) from error
    with handle:
        for number, line in enumerate(handle, start=1):
            yield _parse_line(path, number, line, kind)


def _parse_line(path: Path, number: int, line: bytes, kind: type[R]) -> R:
    where = f"{path}, line {number}"
    fix = f"the file was damaged after it was made: delete it and run `snakemake {path}` again"
    if not line.endswith(b"\n"):
        raise UserError(where, "the line is torn (no newline at its end)", fix)
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        raise UserError(
            where, f"not a {kind.__name__} record ({place}: {first['msg']})", fix
        ) from error


def write_parquet(path: Path, rows: Sequence[Record], kind: type[Record]) -> None:
    """Write records atomically as parquet: nested fields as JSON text, one row a record.

    Nested values are JSON strings because parquet structs cannot hold open-ended step fields.
    The bytes depend on the rows and the pyarrow version alone.
    """
    import pyarrow as pa  # here, since every look at the DAG imports this module
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = {name: [] for name in kind.model_fields}
    for row in rows:
        for name, value in row.model_dump(mode="json").items():
            nested = isinstance(value, dict | list)
            columns[name].append(json.dumps(value, ensure_ascii=False) if nested else value)
    arrays = {
        name: pa.array(
            values, pa.int64() if kind.model_fields[name].annotation is int else pa.string()
        )
        for name, values in columns.items()
    }
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(arrays), temporary)  # type: ignore[no-untyped-call]


def read_parquet(path: Path, kind: type[R]) -> list[R]:
    """Read back what `write_parquet` wrote.

    Raises:
        UserError: no such file, not parquet, or a row that is not a record of this kind.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).to_pylist()  # type: ignore[no-untyped-call]
        return [kind.model_validate(_unnest(row, kind)) for row in rows]
    except OSError as error:
        raise from_os_error(error, path) from error
    except (pa.ArrowException, ValidationError, ValueError) as error:
        rule = f"not a parquet file of {kind.__name__} records"
        raise UserError(str(path), rule, _sound_parquet(path)) from error


def _sound_parquet(path: Path) -> str:
    """How to come by a sound file: what a run wrote it writes again, any other is its owner's."""
    manifest = path.with_name(path.name + ".manifest.json")
    if "results" in path.parts and manifest.is_file():
        target = Path(*path.parts[len(path.parts) - 1 - path.parts[::-1].index("results") :])
        return f"delete it and run `snakemake {target}` again"
    return "give a parquet file of examples, such as results/split/train.parquet"


def _unnest(row: Mapping[str, Any], kind: type[Record]) -> Json:
    plain = (str, int, float)
    return {
        name: json.loads(value)
        if isinstance(value, str) and not _is_plain(kind.model_fields[name].annotation, plain)
        else value
        for name, value in row.items()
        if name in kind.model_fields
    }


def _is_plain(annotation: Any, plain: tuple[type, ...]) -> bool:
    if annotation in plain:
        return True
    arguments = getattr(annotation, "__args__", ())
    return bool(arguments) and all(
        isinstance(item, str) or item in (*plain, type(None)) for item in arguments
    )


SNAKEMAKES_MARK = ".snakemake_timestamp"  # an empty file that it leaves in a finished folder


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files by sorted relative name, Snakemake's mark left out.

    On a cluster a Snakemake on the node ends the job, and marks the folder, before the one that
    submitted it looks whether the manifest vouches for it.
    """
    total = hashlib.sha256()
    found = path.rglob("*") if path.is_dir() else [path]
    files = sorted(p for p in found if p.is_file() and p.name != SNAKEMAKES_MARK)
    for file in files:
        if file != path:
            total.update(str(file.relative_to(path)).encode() + b"\0")
        with file.open("rb") as handle:
            total.update(hashlib.file_digest(handle, "sha256").digest())
    return total.hexdigest()


PACKAGES = ("olympiad-ineq", "python-flint", "numpy", "pyarrow", "torch", "transformers", "trl")


def write_manifest(
    artifact: Path,
    *,
    stage: str,
    inputs: Sequence[Path],
    settings: Mapping[str, Any],
    started: float,
    extra: Mapping[str, Any] | None = None,
) -> Path:
    """Write `<artifact>.manifest.json`: what made this artifact, from what, how long it took.

    Args:
        artifact: a finished file or folder.
        started: `time.time()` when the stage began.
        extra: seeds, tokens, counts and whatever else the stage measured.
    """
    path = artifact.with_name(artifact.name + ".manifest.json")
    write_json(
        path,
        {
            "artifact": artifact.name,
            "sha256": digest(artifact),
            "stage": stage,
            "inputs": {str(p): digest(p) for p in inputs},
            "settings": settings,
            "code": code_digest(),
            "packages": {name: _version(name) for name in PACKAGES},
            "python": platform.python_version(),
            "hardware": {
                "machine": platform.machine(),
                "cores": os.cpu_count(),
                **_gpus(),
                "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
            },
            "wall_seconds": round(time.time() - started, 1),
            **(extra or {}),
        },
    )
    return path


def damage(artifact: Path) -> str:
    """What is wrong with an artifact by the manifest beside it; empty if nothing, or without one.

    An exit status says that a program ended, not that its output reached the disk whole.
    """
    path = artifact.with_name(artifact.name + ".manifest.json")
    if not path.is_file():
        return ""
    try:
        expected = json.loads(path.read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"{path} cannot be read"
    found = digest(artifact)
    return "" if found == expected else f"{artifact} is not what its manifest says was written"


def _gpus() -> Json:
    torch = sys.modules.get("torch")  # a CPU stage must not load torch just to say "no GPU"
    if torch is None or not torch.cuda.is_available():
        return {"gpus": []}
    return {"gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def code_digest(modules: Sequence[str] | None = None) -> str:
    """SHA-256 of the package's files (templates too), or of those named: files and folders."""
    root = Path(__file__).parent
    total = hashlib.sha256()
    for name in modules if modules is not None else ["."]:
        target = root / name
        found = sorted(target.rglob("*")) if target.is_dir() else [target]
        files = [file for file in found if file.is_file() and file.suffix != ".pyc"]
        for file in files:
            total.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()[:16]


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold an exclusive lock on `path` while the block runs; wait for a live holder to end.

    The kernel drops the lock when its holder dies, however it dies, so no lock is ever stale.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise from_os_error(error, path) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: another process is still working on {what}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Journal:
    """Finished work, one JSON object a line, kept across kills: `{"key", "value", "sum"}`.

    A key is a content hash of what was asked; a value is the answer. Lines that fail their
    checksum are passed over on opening, and asked again: the torn tail of a kill or a full disk is
    cut off, one between sound lines (a file server's fault) stays and is said. Open it within
    `exclusive`: one writer at a time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        kept = self._load() if path.exists() else 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = path.open("r+b" if path.exists() else "w+b")
            self._handle.truncate(kept)
            self._handle.seek(kept)
        except OSError as error:
            raise from_os_error(error, path) from error

    def _load(self) -> int:
        """Read the sound lines and return where the last of them ends, in bytes."""
        kept = end = bad = passed = 0
        with self.path.open("rb") as handle:
            for line in handle:
                end += len(line)
                entry = _journal_entry(line)
                if entry is None:
                    bad += 1
                    continue
                self.values[entry[0]] = entry[1]
                kept, passed = end, bad
        if passed:
            print(f"{self.path}: damaged lines that are passed over: {passed}", file=sys.stderr)
        return kept

    def append(self, items: Mapping[str, Any]) -> None:
        """Put finished answers on disk; they survive a kill from the moment this returns."""
        lines = []
        for key, value in items.items():
            body = json.dumps({"key": key, "value": value}, ensure_ascii=False)
            lines.append(json.dumps({"sum": _line_sum(body), "body": body}) + "\n")
        try:
            self._handle.write("".join(lines).encode())
            self._handle.flush()
            os.fsync(self._handle.fileno())
        except OSError as error:
            raise from_os_error(error, self.path) from error
        self.values.update(items)

    def close(self) -> None:
        """Close the file; what was appended stays."""
        self._handle.close()


def _line_sum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def _journal_entry(line: bytes) -> tuple[str, Any] | None:
    try:
        outer = json.loads(line)
        if not line.endswith(b"\n") or _line_sum(outer["body"]) != outer["sum"]:
            return None
        entry = json.loads(outer["body"])
        return entry["key"], entry["value"]
    except (ValueError, KeyError, TypeError):
        return None
