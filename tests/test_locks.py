"""The locks hold what pyproject.toml asks for: `make install EXTRA=...` gives what it promises."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPO = Path(__file__).parents[1]
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OUTSIDE = {"cpu": {"torch"}}  # the CPU build comes from another index: the Makefile installs it


def asked(extra: str) -> list[Requirement]:
    """What an extra asks for, with the extras that it names."""
    found = []
    for line in PROJECT["optional-dependencies"].get(extra, []):
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            found += [one for name in requirement.extras for one in asked(name)]
        else:
            found.append(requirement)
    return found


@pytest.mark.parametrize("extra", ["core", "cpu", "gpu", "v100"])
def test_the_lock_satisfies_the_extra(extra: str) -> None:
    lines = (REPO / f"requirements/{extra}.lock").read_text(encoding="utf-8").splitlines()
    pins: dict[str, list[Requirement]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            pin = Requirement(line)
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    wanted = [Requirement(line) for line in PROJECT["dependencies"]] + asked("dev") + asked(extra)
    missing = []
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        versions = [str(pin.specifier).removeprefix("==") for pin in pins.get(name, [])]
        held = versions and all(requirement.specifier.contains(v) for v in versions)
        if not held and name not in OUTSIDE.get(extra, set()):
            missing.append(f"{requirement}: {versions}")
    assert not missing


def test_a_v100s_lock_has_the_last_builds_for_it() -> None:
    lock = (REPO / "requirements/v100.lock").read_text(encoding="utf-8")
    assert "\nvllm==0.19.1\n" in lock
    assert "\ntorch==2.10.0\n" in lock
