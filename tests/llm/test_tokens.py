"""The full config's prompts in the tokens of its own models, and what does not fit is refused."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq import prompt_fit
from olympiad_ineq.data_gen.model import answer_of
from olympiad_ineq.errors import UserError
from olympiad_ineq.exemplars import good
from olympiad_ineq.llm.tokens import count_tokens, estimate
from olympiad_ineq.settings import Model, Settings, load
from tests.test_settings import layered
from tests.workflow.conftest import REPO


def full(**changes: Any) -> Settings:
    return load(layered() | {key.replace("__", "."): value for key, value in changes.items()})


def test_the_full_configs_prompts_fit_with_room_for_the_answer() -> None:
    settings = full()
    teacher, verifier = settings.data_gen.teacher, settings.verify.verifier
    assert teacher and verifier
    prompt_fit.check(settings)
    assert prompt_fit.context_of(teacher.model) == 4096
    assert prompt_fit.context_of(verifier.model) == 32768
    count = prompt_fit.counter(teacher.model)
    assert count
    prompts = prompt_fit.teacher_prompts(settings)
    assert len(prompts) == 4 * 8  # every technique with every set of worked examples
    longest = max(count_tokens(prompt, count) for prompt in prompts)
    assert longest > 1500 and longest + teacher.max_new_tokens <= 4096
    # and an answer like the bank's longest fits the budget
    assert max(count(answer_of(row)) for row in good()) <= teacher.max_new_tokens


def test_the_vocabularies_count_what_they_should() -> None:
    """Known tokenizations: Qwen splits numbers into digits, Llama 3 into threes."""
    qwen = prompt_fit.counter(Model(name="Qwen/Qwen2.5-Math-72B-Instruct", family="qwen"))
    llama = prompt_fit.counter(
        Model(name="deepseek-ai/DeepSeek-R1-Distill-Llama-70B", family="llama")
    )
    assert qwen and llama
    assert (qwen("123456"), llama("123456")) == (6, 2)
    assert (qwen("Hello world"), llama("Hello world")) == (2, 2)
    assert prompt_fit.counter(Model(name="mistralai/Mathstral-7B", family="mistral")) is None


def test_the_estimate_is_on_the_safe_side_and_not_far_off() -> None:
    settings = full(verify__verifier__shots=64)
    prompts = [*prompt_fit.teacher_prompts(settings)[::4], prompt_fit.verifier_prompt(settings)]
    for model in (settings.data_gen.teacher, settings.verify.verifier):
        assert model
        count = prompt_fit.counter(model.model)
        for prompt in prompts:
            real, said = count_tokens(prompt, count), count_tokens(prompt)
            assert real <= said <= 1.5 * real
    assert estimate("") == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data_gen__teacher__shots": 4}, "counted with its vocabulary"),
        ({"data_gen__teacher__max_new_tokens": 3000}, "reads 4096"),
        ({"verify__verifier__shots": 128}, "verify.verifier: its longest prompt"),
        ({"verify__verifier__model__max_model_len": 4096}, "reads 4096"),
        (
            {
                "data_gen__teacher__model__name": "new/model",
                "data_gen__teacher__model__family": "new",
            },
            "estimated on the safe side",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_one_line(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match="fix: lower") as caught:
        prompt_fit.check(full(**change))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_it_is_refused_before_anything_is_submitted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(tmp_path), "-n",
         "--configfile", "config/phi-1_5.yaml", "--config", "data_gen.teacher.shots=4"],
        cwd=REPO, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert "reads 4096; fix: lower data_gen.teacher.shots" in line
    assert "Traceback" not in done.stdout and not (tmp_path / "results").exists()
