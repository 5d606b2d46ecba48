"""The kernel stays small, exact and alone."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import olympiad_ineq.kernel as kernel

FILES = sorted(Path(kernel.__file__).parent.glob("*.py"))
MAX_CODE_LINES = 1_700  # code, without blank lines, comments and docstrings
ALLOWED = {*sys.stdlib_module_names, "flint", "__future__"}
FORBIDDEN_NAMES = {"float", "eval", "exec", "compile", "__import__", "open", "sympify"}


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


def test_the_kernel_is_small() -> None:
    assert sum(_code_lines(p.read_text(encoding="utf-8")) for p in FILES) <= MAX_CODE_LINES


def test_the_kernel_has_no_float_and_executes_nothing() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                assert not isinstance(node.value, float | complex), f"{path}:{node.lineno}"
            if isinstance(node, ast.Name):
                assert node.id not in FORBIDDEN_NAMES, f"{path}:{node.lineno}"


def test_the_kernel_imports_only_itself_flint_and_the_standard_library() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert all(name.name.split(".")[0] in ALLOWED for name in node.names), path
            if isinstance(node, ast.ImportFrom):
                assert node.level == 1 or (node.module or "").split(".")[0] in ALLOWED, path


def test_every_rule_states_its_proof() -> None:
    from olympiad_ineq.kernel.rules import RULES

    for name, rule in RULES.items():
        assert rule.__doc__ and len(rule.__doc__) > 60, name
