"""Teach a small language model to prove olympiad inequalities, and prove that it did."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("olympiad-ineq")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0+unknown"
