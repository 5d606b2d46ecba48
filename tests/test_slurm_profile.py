"""What a profile asks SLURM for, read as Snakemake reads it."""

from pathlib import Path

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.command import read_settings
from olympiad_ineq.slurm_profile import Ask, asks, unused


def test_what_else_a_profile_asks_for_is_asked_too() -> None:
    (found,) = asks(
        {"qos": "gpu", "constraint": "a100&ib", "slurm_extra": "'--reservation=r 1'"}, {}
    )
    assert found.arguments()[1:] == ["--qos=gpu", "--constraint=a100&ib", "--reservation=r", "1"]


def test_a_profile_asks_for_its_first_attempt() -> None:
    found = asks(
        {"slurm_partition": "gpu", "mem_mb": 2000},
        {"train": {"gpu": 1, "gpu_model": "a100", "mem_mb": "64000 * attempt"},
         "predict": {"mem_mb": "max(1, attempt)"}},
    )  # fmt: skip
    assert found == {
        Ask("gpu", None, memory_mb=2000), Ask("gpu", None),
        Ask("gpu", None, "a100", 1, 64000, grows=frozenset({"mem_mb"})),
    }  # fmt: skip


def test_models_that_the_config_does_not_name_ask_for_nothing() -> None:
    small, full = (Path("config") / name for name in ("v100.yaml", "phi-1_5.yaml"))
    everyone = {"data_gen_model", "verify_model", "judge_model", "judge_audit_model"}
    assert unused(read_settings([small], [])) == everyone
    assert unused(read_settings([full], [])) == set()


@pytest.mark.parametrize("word", ["all", "open", "max", "2024-17", "(1)"])
def test_a_word_that_snakemake_takes_for_python(word: str) -> None:
    with pytest.raises(UserError, match="Snakemake takes it for Python"):
        asks({"slurm_partition": word}, {})
    (found,) = asks({"slurm_partition": f"'{word}'"}, {})
    assert found.partition == word


@pytest.mark.parametrize(
    "word", ["gpu", "gpu,all", "gpu-long", "2024", "a100&ib", "v100-sxm2-32gb", "gpu.q", "07:x"]
)
def test_a_word_that_it_leaves_alone(word: str) -> None:
    assert [ask.partition for ask in asks({"slurm_partition": word}, {})] == [word]


def test_options_keep_their_own_quotes() -> None:
    (found,) = asks({"slurm_extra": "'--exclude=\"node[01-04]\"'"}, {})
    assert found.arguments() == ["--nodes=1", "--exclude=node[01-04]"]
    (broken,) = asks({"slurm_extra": "'--exclude=\"node'"}, {})
    with pytest.raises(UserError, match="slurm_extra .* does not split"):
        broken.arguments()
