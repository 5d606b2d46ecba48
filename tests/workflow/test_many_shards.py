"""Thousands of shards: the commands that gather them still start.

The kernel takes no argument of more than 128 KiB (execve(2)), and `bash -c` gets a rule's whole
command as one.
"""

import re
import subprocess
from pathlib import Path

from tests.workflow.conftest import snakemake

SHARDS = 6000  # what 100 million candidates are dealt to (benchmarks/cluster.md)
LONGEST = 128 * 1024 - 4096  # less than the limit by what Snakemake puts in front of a command
TEACHER = f"{{requests: {SHARDS}, shards: {SHARDS}, model: {{name: /a/teacher, family: x}}}}"
VERIFIER = f"{{shards: {SHARDS}, model: {{name: /a/verifier, family: y}}}}"


def test_no_command_is_too_long_to_start(tmp_path: Path) -> None:
    dry = snakemake(
        tmp_path, "-n", "--printshellcmds", "all", "results/curve/recommendation.json",
        data_gen__teacher=TEACHER, verify__verifier=VERIFIER,
    )  # fmt: skip
    assert dry.returncode == 0, dry.stdout[-3000:]
    commands = [line for line in dry.stdout.splitlines() if line.strip().startswith("Shell")]
    assert len(commands) > 2 * SHARDS, dry.stdout[-3000:]
    assert max(map(len, commands)) < LONGEST


def test_the_gathering_commands_name_every_shard_in_order(tmp_path: Path) -> None:
    dry = snakemake(
        tmp_path, "-n", "--printshellcmds", "all",
        data_gen__teacher=TEACHER.replace("6000", "12"),
        verify__verifier=VERIFIER.replace("6000", "3"),
    )  # fmt: skip
    for script, pattern, count in (
        ("data_gen", "results/data_gen/model/{}.jsonl", 12),
        ("data_report", "results/data_gen/model/{}.rejects.jsonl", 12),
        ("verify_votes", "results/verify/model/{}.votes.jsonl", 3),
        ("verify_votes", "results/verify/model/{}.audit.jsonl", 3),
    ):
        command = re.search(rf"python \$SCRIPTS/{script}\.py (.*) 2>&1", dry.stdout)
        assert command, dry.stdout[-3000:]
        words = subprocess.run(
            ["bash", "-c", f"printf '%s\\n' {command[1]}"], text=True, capture_output=True
        ).stdout.split("\n")
        named = [pattern.format(number) for number in range(count)]
        assert "\n".join(named) in "\n".join(words)
