"""Lines of a file or a pipe as they come, none of them larger in memory than it may be."""

from __future__ import annotations

import select
from collections import deque
from typing import BinaryIO

_CHUNK = 1 << 16


class Lines:
    """The lines that are not blank; of one that is too long, enough to see that it is.

    `ready` says whether the next one, or the end, can be had without waiting for a writer: one that
    waits for its verdicts would else wait for ever.
    """

    def __init__(self, source: BinaryIO, longest: int) -> None:
        self._source, self._longest = source, longest  # unbuffered: select sees all there is
        self._whole: deque[bytes] = deque()
        self._rest = b""
        self._ended = False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> bytes:
        while not self._whole:
            if self._ended:
                raise StopIteration
            self._take(self._source.read(_CHUNK))
        return self._whole.popleft()

    def ready(self) -> bool:
        if self._whole or self._ended:
            return True
        return bool(select.select([self._source], [], [], 0)[0])

    def _take(self, chunk: bytes) -> None:
        self._ended = not chunk
        first, *others = (chunk or b"\n").split(b"\n")
        parts = [self._cut(self._rest, first), *others]
        self._rest = parts.pop()
        self._whole += [part.removesuffix(b"\r") for part in parts if part.strip()]

    def _cut(self, start: bytes, more: bytes) -> bytes:
        room = self._longest + 2 - len(start)  # with a line's end it is then still too long
        return start + more[: max(0, room)]
