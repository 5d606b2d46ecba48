"""Models that answer: one small protocol, three engines, and a journal that loses no answer."""

from olympiad_ineq.llm.engine import (
    Engine,
    Message,
    Request,
    Response,
    Sampling,
    open_engine,
    request_key,
)
from olympiad_ineq.llm.generate import Generated, generate, refuse_silence

__all__ = [
    "Engine",
    "Generated",
    "Message",
    "Request",
    "Response",
    "Sampling",
    "generate",
    "open_engine",
    "refuse_silence",
    "request_key",
]
