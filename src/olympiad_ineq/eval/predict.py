"""A student's answers to the test problems: the same code for every run.

Runs differ in the model's weights and in the number of worked examples alone; prompt form, stop
strings, budget and decoding (greedy) are shared.
"""

import json
import random
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from pathlib import Path

from olympiad_ineq import artifacts, prompts
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import Generated, Request, Response, Sampling, generate, open_engine
from olympiad_ineq.records import Example, Json, Prediction, content_id
from olympiad_ineq.settings import Predict

SHORT = 0.25  # worked examples come from the shortest quarter of each technique's


def choose_shots(
    train: Sequence[Example], test: Sequence[Example], count: int, seed: int
) -> list[Example]:
    """Choose the worked examples: one set for all problems, so its tokens are computed once.

    Techniques take turns, examples are short (the context is the budget), and none is of a family
    that the test set holds.

    Raises:
        UserError: there are fewer such examples than asked for.
    """
    if count == 0:
        return []
    tested = {example.family for example in test}
    by_technique: dict[str, list[Example]] = {}
    for example in sorted(train, key=lambda e: (len(e.prompt) + len(e.completion), e.id)):
        if example.family not in tested:
            by_technique.setdefault(example.technique, []).append(example)
    draw = random.Random(f"shots {seed}")
    pools = [pool for _, pool in sorted(by_technique.items())]
    draw.shuffle(pools)
    for pool in pools:
        short = pool[: max(count, round(len(pool) * SHORT))]
        draw.shuffle(short)
        pool[:] = short
    in_turn = [e for turn in zip_longest(*pools) for e in turn if e is not None]
    if len(in_turn) < count:
        raise UserError(
            f"shots = {count}",
            f"the training set has {len(in_turn)} examples of families that are not tested",
            "lower eval.baseline.shots or raise split.train",
        )
    return in_turn[:count]


def predict(
    test_path: Path,
    train_path: Path,
    model_dir: Path,
    out: Path,
    journal_path: Path,
    *,
    run: str,
    settings: Predict,
    seed: int,
) -> list[Prediction]:
    """Answer every test problem and write predictions, in test order, with their manifest.

    Raises:
        UserError: no model in the folder, a prompt that does not fit its context, a damaged input.
    """
    started = time.time()
    test = artifacts.read_parquet(test_path, Example)
    train = artifacts.read_parquet(train_path, Example) if settings.shots else []
    shots = choose_shots(train, test, settings.shots, seed)
    worked = [(example.prompt, example.completion) for example in shots]
    sampling = Sampling(settings.max_new_tokens, stop=prompts.STOP)
    requests = [
        Request(prompts.few_shot(example.problem.text, worked), sampling, edition=settings.revision)
        for example in test
    ]
    further = _sampled(requests, settings, seed)
    with (
        closing(open_engine(model_dir, engine=settings.engine, dtype=settings.dtype)) as engine,
        artifacts.exclusive(journal_path, f"predictions of {run}"),
        closing(artifacts.Journal(journal_path)) as journal,
    ):
        generated = generate(engine, requests, journal, settings.batch, label=f"predict {run}")
        # Apart from the greedy ones: those must not depend on whether samples are drawn.
        drawn = generate(engine, further, journal, settings.batch, label=f"samples {run}")
        fingerprint = engine.fingerprint
    asked = [(number, example) for number in range(settings.samples.count + 1) for example in test]
    responses = (*generated.responses, *drawn.responses)
    predictions = [
        _prediction(run, number, example, response)
        for (number, example), response in zip(asked, responses, strict=True)
    ]
    artifacts.write_jsonl(out, predictions)
    artifacts.write_manifest(
        out,
        stage="predict",
        inputs=[test_path, *([train_path] if shots else []), model_dir],
        settings=settings.model_dump(mode="json"),
        started=started,
        extra=_facts(run, model_dir, fingerprint, shots, settings, [generated, drawn], seed),
    )
    _warn_of_no_end(predictions, settings.max_new_tokens)
    return predictions


def _prediction(run: str, sample: int, example: Example, response: Response) -> Prediction:
    return Prediction(
        id=example.id,
        run=run,
        sample=sample,
        prompt_tokens=response.prompt_tokens,
        completion_tokens=response.completion_tokens,
        finish="stop" if response.finish == "stop" else "length",
        text=response.text.strip(),
    )


def _warn_of_no_end(predictions: Sequence[Prediction], budget: int) -> None:
    """Say in one line that a student does not stop: a truncated answer proves nothing."""
    cut = sum(prediction.finish == "length" for prediction in predictions)
    if predictions and cut > len(predictions) / 2:
        print(
            f"warning: predict {predictions[0].run}: {cut} of {len(predictions)} answers reached "
            f"eval.max_new_tokens = {budget} without an end: raise it if proofs are longer, else "
            "the student has not learned to stop: raise train.epochs or train.learning_rate",
            file=sys.stderr,
        )


def _sampled(requests: Sequence[Request], settings: Predict, seed: int) -> list[Request]:
    """The same requests again, drawn: each answer with a seed of its own."""
    drawing = settings.samples
    sampling = Sampling(
        settings.max_new_tokens, drawing.temperature, drawing.top_p, stop=prompts.STOP
    )
    return [
        replace(
            request,
            sampling=sampling,
            seed=int(content_id("sample", seed, request.prompt, number)[:12], 16) % 2**31,
        )
        for number in range(1, drawing.count + 1)
        for request in requests
    ]


def _facts(
    run: str,
    model_dir: Path,
    fingerprint: Json,
    shots: Sequence[Example],
    settings: Predict,
    sessions: Sequence[Generated],
    seed: int,
) -> Json:
    responses = [response for session in sessions for response in session.responses]
    engine = str(fingerprint["engine"])
    return {
        "run": run,
        "model": {
            **_origin(model_dir),
            "path": str(model_dir),
            "sha256": fingerprint["sha256"],
        },
        "engine": {
            "name": engine,
            "version": _version(engine),
            "dtype": fingerprint["dtype"],
            "batch": settings.batch,
        },
        "prompting": {
            "shots": len(shots),
            "examples": [example.id for example in shots],
            "stop": list(prompts.STOP),
            "decoding": "greedy",
            "max_new_tokens": settings.max_new_tokens,
        },
        "samples": settings.samples.model_dump(mode="json"),
        "tokens": {
            "prompt": sum(response.prompt_tokens for response in responses),
            "completion": sum(response.completion_tokens for response in responses),
        },
        "seconds": round(sum(session.seconds for session in sessions), 1),
        "truncated": sum(response.finish == "length" for response in sessions[0].responses),
        "asked_in_last_session": sum(session.asked for session in sessions),
        "seed": seed,
    }


def _origin(model_dir: Path) -> Json:
    """Name, revision and stage of the model, from the manifest beside its folder if it has one."""
    try:
        manifest = json.loads(
            model_dir.with_name(model_dir.name + ".manifest.json").read_text(encoding="utf-8")
        )
        student = manifest["settings"]["student"]
        tuned = ", fine-tuned" if "steps" in manifest else ""
        return {"name": student["name"] + tuned, "revision": student["revision"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _version(engine: str) -> str | None:
    for package in (engine, f"{engine}-cpu"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return None
