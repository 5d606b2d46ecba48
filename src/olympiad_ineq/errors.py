"""The one kind of error that a user is meant to read.

A `UserError` is printed as a single line and ends the command with status 1. It always says which
value is wrong, which rule it broke and what to do. Anything else is a defect and keeps its
traceback.
"""

import errno
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path


class UserError(Exception):
    """Bad input or an unusable machine: names the value, the rule it broke and the fix."""

    def __init__(self, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{value}: {rule}; fix: {fix}")
        self.value, self.rule, self.fix = value, rule, fix


def from_os_error(error: OSError, path: str | os.PathLike[str]) -> UserError:
    """Say in one line what the file system refused, for the refusals that users meet."""
    name = os.fspath(path)
    gone = errno.ENOENT if isinstance(error, FileNotFoundError) else None  # pyarrow's has no number
    match error.errno or gone:
        case errno.ENOSPC | errno.EDQUOT:
            return UserError(
                name, "the disk is full", "free some space and run the same command again"
            )
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return UserError(
                name, "the folder cannot be written to", "make it writable or run in another folder"
            )
        case errno.ENOENT:
            return UserError(name, "there is no such file", "make it first, or correct the path")
        case errno.EISDIR:
            return UserError(name, "it is a folder", "give a file")
        case _:
            return UserError(name, error.strerror or str(error), "check the file system")


def no_setting(option: str, entry: str) -> UserError:
    """What a command line gives as a setting and is none."""
    fix = f"write {option} train.epochs=2; other arguments go before {option}"
    return UserError(f"{option} {entry}", "it is no key=value", fix)


def reader_gone() -> bool:
    """Whether who reads the output has seen enough (`| head`); if so, the rest goes nowhere.

    A broken pipe may also be one to a child process, which is a defect.
    """
    out = sys.stdout.fileno()
    poll = select.poll()
    poll.register(out, 0)  # errors and hang-ups are told unasked
    if not poll.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), out)
    return True


def run_main(main: Callable[[], int | None]) -> None:
    """Run a command line's `main`; turn a UserError or a full disk into one line and status 1."""
    try:
        status = main() or 0
        sys.stdout.flush()
    except BrokenPipeError:
        if not reader_gone():
            raise
        status = 1  # not all of it was said
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        where = error.filename if isinstance(error.filename, str) else str(Path.cwd())
        print(f"error: {from_os_error(error, where)}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print("interrupted; finished work is kept, the same command goes on", file=sys.stderr)
        status = 130
    sys.exit(status)
