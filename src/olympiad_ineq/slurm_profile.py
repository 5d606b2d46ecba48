"""What a profile asks SLURM for: one request for each kind of job, read as Snakemake reads it."""

import ast
import builtins
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Settings

PROFILE = "profiles/slurm/config.yaml"
NOTHING = "nothing was submitted"  # how every refusal before a run ends


@dataclass(frozen=True)
class Ask:
    """What one kind of job asks for; None is left to the cluster."""

    partition: str | None
    account: str | None
    gpu_model: str | None = None
    gpus: int = 0
    memory_mb: int | None = None
    minutes: int | None = None
    qos: str | None = None
    constraint: str | None = None
    extra: str | None = None
    grows: frozenset[str] = frozenset()

    def arguments(self) -> list[str]:
        """As options of sbatch, as the executor plugin writes them."""
        gpus = f"{self.gpu_model}:{self.gpus}" if self.gpu_model else str(self.gpus)
        pairs = (
            ("--partition", self.partition),
            ("--account", self.account),
            ("--gpus", gpus if self.gpus else None),
            ("--mem", self.memory_mb),
            ("--time", self.minutes),
            ("--qos", self.qos),
            ("--constraint", self.constraint),
        )
        given = [f"{name}={value}" for name, value in pairs if value is not None]
        try:
            return ["--nodes=1", *given, *shlex.split(self.extra or "")]
        except ValueError as error:
            raise UserError(
                f"slurm_extra {self.extra!r}", f"it does not split into options ({error})",
                f"close its quotes in {PROFILE}",
            ) from error  # fmt: skip

    def after(self, attempts: int) -> "Ask":
        """What the last of so many attempts asks for, where memory and time grow with them."""
        memory, minutes = self.memory_mb, self.minutes
        return replace(
            self,
            memory_mb=memory * attempts if memory and "mem_mb" in self.grows else memory,
            minutes=minutes * attempts if minutes and "runtime" in self.grows else minutes,
        )


def asks(defaults: Mapping[str, Any], by_rule: Mapping[str, Mapping[str, Any]]) -> set[Ask]:
    """The distinct requests of a profile: its defaults, and each rule's own values over them."""
    return {_ask({**defaults, **values}) for values in ({}, *by_rule.values())}


def unused(settings: Settings) -> set[str]:
    """Rules of a profile that this run has no job for: of models that its config does not name."""
    asked = {
        "data_gen_model": settings.data_gen.teacher,
        "verify_model": settings.verify.verifier,
        "judge_model": settings.eval.judge,
        "judge_audit_model": settings.eval.judge,
    }
    return {rule for rule, model in asked.items() if model is None}


def _ask(values: Mapping[str, Any]) -> Ask:
    def raw(name: str) -> str:
        found = getattr(values.get(name), "raw", values.get(name))
        return "" if found is None else str(found)

    def text(name: str) -> str | None:
        return _as_text(name, raw(name)) or None

    def number(name: str) -> int | None:
        found = re.fullmatch(_NUMBER, raw(name).strip("\"'"))
        return int(found[1]) if found else None  # another expression is left to the cluster

    grows = {n for n in ("mem_mb", "runtime") if "attempt" in raw(n) and number(n) is not None}
    return Ask(
        text("slurm_partition"), text("slurm_account"), text("gpu_model"), number("gpu") or 0,
        number("mem_mb"), number("runtime"), text("qos"), text("constraint"), text("slurm_extra"),
        frozenset(grows),
    )  # fmt: skip


_NUMBER = r"(\d+)( *\* *attempt)?"


def _as_text(name: str, raw: str) -> str:
    """A word of the profile as Snakemake will read it, which takes what it can for Python.

    Raises:
        UserError: `all` is a function to it, and `2024-17` is 2007.
    """
    try:
        tree = ast.parse(raw, mode="eval").body
    except (SyntaxError, ValueError):
        return raw  # as Snakemake leaves it
    if isinstance(tree, ast.Constant) and (isinstance(tree.value, str) or str(tree.value) == raw):
        return str(tree.value)
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    if all(hasattr(builtins, word) for word in names):
        raise UserError(
            f"{name} {raw}", f"Snakemake takes it for Python, not for a word; {NOTHING}",
            f"""write {name}: "'{raw}'" in {PROFILE}""",
        )  # fmt: skip
    return raw
