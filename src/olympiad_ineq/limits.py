"""Work on hostile text under hard limits of time and memory, in child processes that die.

`run_limited` streams: it holds a bounded window of items, gives results in the order of the items,
and replaces a worker that it had to kill. A limit is an outcome (`Limit`), never an exception, and
costs its own item alone.
"""

import multiprocessing
import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A fork server is single-threaded whatever its parent has loaded, so forking it is safe; the
# modules below, and the one that the first function comes from, are imported there once and shared
# by every worker.
_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOAD = ["olympiad_ineq.proof", "olympiad_ineq.canonical"]
_WINDOW = 64


@dataclass(frozen=True)
class Limit:
    """The item ran into a limit: `what` says which, `reason` says it for people."""

    what: Literal["time", "memory", "died"]
    reason: str


@dataclass
class _Worker:
    process: ForkServerProcess
    pipe: "Connection[object, object]"
    index: int | None = None
    deadline: float = 0.0


@dataclass(frozen=True)
class _Failure:
    error: Exception


def _serve(function: Callable[[T], R], pipe: "Connection[object, T]", memory_mb: int) -> None:
    limit = memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    pipe.send("ready")
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        outcome: object
        try:
            outcome = function(item)
        except MemoryError:
            outcome = Limit("memory", f"needed more than {memory_mb} MB")
        except RecursionError:
            outcome = Limit("memory", "nested too deeply")
        except Exception as error:  # sent back whole: a defect must not look like a verdict
            outcome = _Failure(error)
        pipe.send(outcome)


def _home(function: Callable[..., object]) -> str:
    """The module of a function or of a partial of one."""
    return str(getattr(function, "func", function).__module__)


class _Pool(Generic[T, R]):
    def __init__(
        self, function: Callable[[T], R], seconds: float, memory_mb: int, workers: int
    ) -> None:
        self.function, self.seconds, self.memory_mb = function, seconds, memory_mb
        _CONTEXT.set_forkserver_preload([*_PRELOAD, _home(function)])
        self.workers = [self._start() for _ in range(workers)]

    def _start(self) -> _Worker:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(
            target=_serve, args=(self.function, theirs, self.memory_mb), daemon=True
        )
        process.start()
        theirs.close()
        ours.recv()  # it is ready: its start must not count against its first item
        return _Worker(process, ours)

    def give(self, worker: _Worker, index: int, item: T) -> None:
        worker.index = index
        worker.deadline = time.monotonic() + self.seconds
        worker.pipe.send(item)

    def collect(self) -> list[tuple[int, "R | Limit | _Failure"]]:
        """Wait for at least one busy worker to finish, die or run out of time."""
        busy = [w for w in self.workers if w.index is not None]
        timeout = max(0.0, min(w.deadline for w in busy) - time.monotonic())
        ready = wait([w.pipe for w in busy], timeout)
        done: list[tuple[int, R | Limit | _Failure]] = []
        for worker in busy:
            index = worker.index
            assert index is not None
            if worker.pipe in ready:
                done.append((index, self._receive(worker)))
            elif time.monotonic() >= worker.deadline:
                self._replace(worker)
                done.append((index, Limit("time", f"took longer than {self.seconds:g} s")))
        return done

    def _receive(self, worker: _Worker) -> "R | Limit | _Failure":
        worker.index = None
        try:
            return worker.pipe.recv()  # type: ignore[return-value]
        except (EOFError, ConnectionResetError):
            self._replace(worker)
            return Limit("died", f"the checking process died (limit {self.memory_mb} MB)")

    def _replace(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self.workers[self.workers.index(worker)] = self._start()

    def stop(self) -> None:
        for worker in self.workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()


def run_limited(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    seconds: float,
    memory_mb: int,
    workers: int,
    ready: Callable[[], bool] | None = None,
) -> Iterator[R | Limit]:
    """Yield `function(item)` for each item, in order, or the `Limit` that the item ran into.

    Args:
        function: picklable (a module's top-level function or a partial of one).
        items: picklable; read lazily, at most a window ahead of the results.
        seconds: wall time per item. memory_mb: address space per worker.
        ready: whether the next item is there; until it is, none is waited for that others could
            be answered before.

    Raises:
        Exception: whatever the function raised, other than running out of memory or stack.
    """
    pool = _Pool[T, R](function, seconds, memory_mb, workers)
    pending: deque[tuple[int, T]] = deque()
    results: dict[int, R | Limit | _Failure] = {}
    source = enumerate(items)
    following, exhausted = 0, False
    try:
        while True:
            while not exhausted and len(pending) + len(results) < _WINDOW:
                busy = pending or any(w.index is not None for w in pool.workers)
                if ready is not None and busy and not ready():
                    break
                entry = next(source, None)
                exhausted = entry is None
                if entry is not None:
                    pending.append(entry)
            for worker in pool.workers:
                if worker.index is None and pending:
                    pool.give(worker, *pending.popleft())
            if any(worker.index is not None for worker in pool.workers):
                results.update(pool.collect())
            while following in results:
                outcome = results.pop(following)
                following += 1
                if isinstance(outcome, _Failure):
                    raise outcome.error
                yield outcome
            if exhausted and not pending and all(w.index is None for w in pool.workers):
                return
    finally:
        pool.stop()
