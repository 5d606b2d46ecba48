"""Rows through verify and split: time a row and memory, at two sizes that differ much.

    python benchmarks/data_rows.py --rows 2000 200000

Made-up candidates with proofs of their own (squares, Cauchy-Schwarz, Titu, AM-GM with coprime
numbers: each another problem), a tenth of them real drafts of the symbolic source in other words,
go through the stages' own scripts, each a process: check, merge, split, both sides. Reports the
wall time a row and the largest process. Flat means: the same time a row at any size.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

from olympiad_ineq.artifacts import write_jsonl
from olympiad_ineq.data_gen import symbolic
from olympiad_ineq.errors import run_main
from olympiad_ineq.language import PROBLEM_PHRASINGS, render_problem, render_proof
from olympiad_ineq.records import TECHNIQUES, Candidate, Domain, Problem, Proof, Source, Technique
from olympiad_ineq.settings import Split

SCRIPTS = Path(__file__).parent.parent / "workflow_scripts"
NAMES = (("a", "b"), ("x", "y"), ("p", "q"), ("u", "v"), ("m", "n"), ("s", "t"))
DRAFTS = 400


def rows() -> Iterator[Candidate]:
    """Candidates without end, all different."""
    drafts = list(symbolic.generate(TECHNIQUES, (2, 3), (1, 2, 3), DRAFTS, 1))
    made = _coprime()
    for number in count():
        if number % 10 == 9:
            yield _worded(drafts[number // 10 % len(drafts)], number)
        else:
            p, q = next(made)
            yield _of_pair(number, p, q)


def _coprime() -> Iterator[tuple[int, int]]:
    for total in count(3):
        for p in range(1, total // 2 + 1):
            if math.gcd(p, total) == 1:
                yield p, total - p


def _of_pair(number: int, p: int, q: int) -> Candidate:
    a, b = NAMES[number % len(NAMES)]
    step: dict[str, Any]
    goal: str
    domain: Domain = "positive"
    technique: Technique
    match number % 4:
        case 0:
            technique, domain = "sos", "real"
            goal = f"{p * p}*{a}^2+{q * q}*{b}^2 >= {2 * p * q}*{a}*{b}"
            step = {"by": "square", "expr": f"{p}*{a}-{q}*{b}"}
        case 1:
            technique, domain = "cauchy", "real"
            goal = f"{p * p + q * q}*({a}^2+{b}^2) >= ({p}*{a}+{q}*{b})^2"
            step = {"by": "cauchy", "x": [str(p), str(q)], "y": [a, b]}
        case 2:
            technique = "cauchy"
            goal = f"{p * p}/{a}+{q * q}/{b} >= {(p + q) ** 2}/({a}+{b})"
            step = {"by": "titu", "nums": [str(p), str(q)], "dens": [a, b]}
        case _:
            technique = "amgm"
            goal = f"{p * p}*{a}/{b}+{q * q}*{b}/{a} >= {2 * p * q}"
            step = {"by": "amgm", "terms": [f"{p * p}*{a}/{b}", f"{q * q}*{b}/{a}"]}
    steps = ({"id": "s1", "claim": goal, **step},)
    return _candidate(number, technique, (a, b), domain, (), goal, steps, f"pair-{p}-{q}")


def _worded(draft: symbolic.Draft, number: int) -> Candidate:
    return _candidate(
        number, draft.technique, draft.variables, draft.domain, draft.given, draft.goal,
        draft.steps, draft.family,
    )  # fmt: skip


def _candidate(
    number: int, technique: Technique, variables: tuple[str, ...], domain: Domain,
    given: tuple[str, ...], goal: str, steps: tuple[dict[str, Any], ...], family: str,
) -> Candidate:  # fmt: skip
    problem = Problem(
        text=render_problem(variables, domain, given, goal, number % PROBLEM_PHRASINGS),
        variables=variables, domain=domain, given=given, goal=goal, technique=technique,
        difficulty=1 + number % 3,
    )  # fmt: skip
    text = render_proof(steps, number // 7, variables=variables)
    source = Source(kind="symbolic", name="data_rows", family=family)
    return Candidate.make(problem, Proof(text=text, steps=steps), source)


def run(size: int, folder: Path, workers: int) -> dict[str, Any]:
    """All stages at one size: seconds a row and the largest process of each, in MiB."""
    candidates = folder / "candidates.jsonl"
    write_jsonl(candidates, islice(rows(), size))
    checked, verdicts = folder / "checked.jsonl", folder / "verdicts.jsonl"
    assignment = folder / "assignment.jsonl"
    settings = Split(train=size // 4, test=size // 20).model_dump_json()
    both = ("--candidates", candidates, "--verdicts", verdicts)
    stages: list[tuple[str, tuple[object, ...]]] = [
        ("verify_check", ("--candidates", candidates, "--out", checked, "--seconds", 20,
                          "--memory-mb", 2048, "--workers", workers)),
        ("verify", ("--checked", checked, "--out", verdicts)),
        ("split", (*both, "--out", assignment, "--dropped", folder / "dropped.jsonl",
                   "--settings", settings, "--seed", 1)),
        ("split_side", (*both, "--side", "train", "--assignment", assignment,
                        "--out", folder / "train.parquet")),
        ("split_side", (*both, "--side", "test", "--assignment", assignment,
                        "--out", folder / "test.parquet")),
    ]  # fmt: skip
    told: dict[str, Any] = {"rows": size, "stages": {}}
    for name, arguments in stages:
        seconds, mib = _measured(name, [str(part) for part in arguments])
        stage = told["stages"].setdefault(name, {"seconds": 0.0, "mib": 0})
        stage["seconds"] = round(stage["seconds"] + seconds, 1)
        stage["mib"] = max(stage["mib"], mib)
        print(f"{size} rows, {name}: {seconds:.1f} s, {mib} MiB", file=sys.stderr)
    total = sum(stage["seconds"] for stage in told["stages"].values())
    told["milliseconds_a_row"] = round(1000 * total / size, 2)
    told["largest_mib"] = max(stage["mib"] for stage in told["stages"].values())
    return told


def _measured(name: str, arguments: list[str]) -> tuple[float, int]:
    """Wall seconds, and the resident MiB of the script or the largest of its own processes."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name}: {said.decode()[-2000:]}")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


def measure(sizes: tuple[int, int] = (2_000, 20_000)) -> list[dict[str, Any]]:
    """Rows a second at a large size against a small one: flat is a ratio of 1 (or above)."""
    workers = os.cpu_count() or 1
    told = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            told.append(run(size, Path(scratch), workers))
    small, large = (1000 / one["milliseconds_a_row"] for one in told)
    return [
        {
            "name": "data-rows",
            "ours": round(large, 1),
            "rival": round(small, 1),
            "rival_name": f"the same stages at {sizes[0]:,} rows",
            "ratio": round(large / small, 2),
            "unit": f"rows/s at {sizes[1]:,} rows",
            "runs": 1,
            "largest_process_mib": told[1]["largest_mib"],
            "sizes": told,
        }
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs=2, default=(2_000, 200_000))
    arguments = parser.parse_args()
    print(json.dumps(measure(tuple(arguments.rows)), indent=1))


if __name__ == "__main__":
    run_main(main)
