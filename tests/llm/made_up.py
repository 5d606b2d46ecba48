"""What engines that a test makes up have in common; each answers in its own way."""

from collections.abc import Sequence

from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import Request
from olympiad_ineq.records import Json


class MadeUp:
    """An engine without a model: everything but `answer`."""

    whole_chunks = False

    def __init__(self) -> None:
        self.fingerprint: Json = {"engine": "made up"}

    def excess(self, request: Request) -> UserError | None:
        return None

    def prepare(self, requests: Sequence[Request], batch: int) -> None:
        pass

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass
