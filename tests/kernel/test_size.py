"""The kernel stays small, exact and alone, and nothing outside it makes a theorem."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import olympiad_ineq.kernel as kernel
from olympiad_ineq.kernel import theorem
from olympiad_ineq.kernel.rational import Frac, World
from olympiad_ineq.language.parse import parse_statement

FOLDER = Path(kernel.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
OTHERS = sorted(p for p in FOLDER.parent.rglob("*.py") if FOLDER not in p.parents)
MAX_CODE_LINES = 745  # code, without blank lines, comments and docstrings
ALLOWED = {*sys.stdlib_module_names, "flint", "__future__"}
FORBIDDEN_NAMES = {"float", "eval", "exec", "compile", "__import__", "open", "sympify"}
FORBIDDEN_MODULES = {"re", "random", "math", "importlib", "subprocess", "os", "sys", "io"}


def _code_lines(source: str) -> int:
    documented: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                documented |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return sum(
        1
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in documented
    )


def _nodes(paths: list[Path]) -> Iterator[tuple[Path, ast.AST]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def test_the_kernel_is_small() -> None:
    assert sum(_code_lines(p.read_text(encoding="utf-8")) for p in FILES) <= MAX_CODE_LINES


def test_the_kernel_has_no_float_and_executes_nothing() -> None:
    for path, node in _nodes(FILES):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), f"{path}:{node.lineno}"
        if isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN_NAMES, f"{path}:{node.lineno}"


def test_the_kernel_imports_only_itself_flint_and_a_little_of_the_standard_library() -> None:
    for path, node in _nodes(FILES):
        if isinstance(node, ast.Import):
            names = [name.name.split(".")[0] for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level in (0, 1), path
            names = [] if node.level else [(node.module or "").split(".")[0]]
        else:
            continue
        assert {*names} <= ALLOWED - FORBIDDEN_MODULES, path


def test_every_rule_states_its_proof() -> None:
    from olympiad_ineq.proof.rules import RULES

    makers = [f for f in vars(theorem).values() if getattr(f, "__module__", "") == theorem.__name__
              and not isinstance(f, type) and not f.__name__.startswith("_")]  # fmt: skip
    assert len(makers) >= 12
    for made in (*makers, *RULES.values()):
        assert made.__doc__ and len(made.__doc__) > 25, made.__name__


def test_only_the_kernel_makes_theorems() -> None:
    """Elsewhere nobody calls the constructors, names the key, or goes around them."""
    for path, node in _nodes(OTHERS):
        name = node.func if isinstance(node, ast.Call) else None
        called = getattr(name, "id", getattr(name, "attr", ""))
        assert called not in ("Theorem", "Proved", "_follows"), f"{path} makes its own theorem"
        if isinstance(node, ast.Attribute | ast.Name):
            word = node.attr if isinstance(node, ast.Attribute) else node.id
            assert word not in ("_KEY", "__setattr__", "__new__"), f"{path}: {word}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("kernel.theorem"):
            assert not any(n.name.startswith("_") for n in node.names), path


def test_a_theorem_cannot_be_made_by_hand() -> None:
    statement = parse_statement(["a"], "real", [], "a >= 0")
    world = World(statement)
    with pytest.raises(TypeError):
        theorem.Theorem(world, world.goal[0].diff, ">=", frozenset(), object())
    with pytest.raises(TypeError):
        theorem.Proved(statement, object())
    t = theorem.square(world, Frac(world.gens[0], {}))
    with pytest.raises(AttributeError):
        t.op = ">"  # type: ignore[misc]
    with pytest.raises(theorem.Broken):
        theorem.settle(world, [t])


def test_a_verdict_of_proved_needs_the_kernels_word() -> None:
    from olympiad_ineq.proof import CertificateVerdict, ProofVerdict

    with pytest.raises(ValueError, match="settled"):
        ProofVerdict("proved", "", None)
    with pytest.raises(ValueError, match="settled"):
        CertificateVerdict("proved", "")
