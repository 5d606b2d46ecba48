"""The config: what is accepted, and that each refusal is one line with value, rule and fix."""

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from olympiad_ineq import config_files
from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Model, Settings, expand_dotted, families, load
from olympiad_ineq.settings_schema import rendered

REPO = Path(__file__).parent.parent


def default() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPO / "config/config.yaml").read_text())
    return loaded


def layered() -> dict[str, Any]:
    return expand_dotted_over(default(), REPO / "config/phi-1_5.yaml")


def expand_dotted_over(base: dict[str, Any], layer: Path) -> dict[str, Any]:
    def merge(into: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        for key, value in new.items():
            below = into.get(key)
            into[key] = (
                merge(below, value)
                if isinstance(value, dict) and isinstance(below, dict)
                else value
            )
        return into

    return merge(base, yaml.safe_load(layer.read_text()))


def test_both_shipped_configs_are_valid() -> None:
    assert load(default()).name == "embedded"
    full = load(layered())
    assert full.name == "phi-1_5"
    assert full.data_gen.teacher and full.verify.verifier and full.eval.judge
    assert 10_000 <= full.split.train <= 20_000
    assert full.train.student.name == "microsoft/phi-1_5"


def test_the_schema_file_is_what_the_models_say() -> None:
    assert (REPO / "config/settings.schema.json").read_text() == rendered()


TEACHER = {"model": {"name": "Qwen/Qwen2.5-Math-72B-Instruct", "family": "qwen"}, "requests": 10}
VERIFIER = {"model": {"name": "meta/Llama", "family": "llama"}}

BAD: list[tuple[str, dict[Any, Any], str]] = [
    ("misspelt key", {"train.learning_rte": 1e-5}, "did you mean train.learning_rate"),
    ("misspelt section", {"trian.epochs": 1}, "did you mean train"),
    (
        "unknown key",
        {"split.zzzz": 1},
        "the keys there are admit_verified, grades, held_out, near_duplicates",
    ),
    ("wrong type", {"train.learning_rate": "fast"}, "config train.learning_rate = 'fast'"),
    ("out of range", {"seed": -1}, "config seed = -1"),
    ("no techniques", {"data_gen.techniques": []}, "config data_gen.techniques"),
    ("unknown technique", {"data_gen.techniques": ["magic"]}, "data_gen.techniques.0 = 'magic'"),
    ("no source", {"data_gen.symbolic": 0}, "set symbolic above 0 or name a teacher"),
    ("technique twice", {"data_gen.techniques": ["sos", "sos"]}, "names a value twice"),
    ("more rows than candidates", {"split.test": 10**6}, "raise data_gen.symbolic"),
    ("known wrong proofs", {"split.grades": ["refuted"]}, "admits refuted proofs"),
    ("missing model", {"train.student.source": "folder"}, "there is no model there"),
    ("batch", {"train.micro_batch_size": 3}, "batch_size 4 is no multiple of micro_batch_size 3"),
    (
        "verifier is the teacher",
        {"data_gen.teacher": TEACHER, "verify.verifier": {"model": TEACHER["model"]}},
        "a model cannot vouch for itself",
    ),
    (
        "verifier of the teacher's family",
        {
            "data_gen.teacher": TEACHER,
            "verify.verifier": {"model": {"name": "Qwen/Qwen3-32B", "family": "Qwen"}},
        },
        "name a model of another family",
    ),
    (
        "judge is the teacher",
        {"data_gen.teacher": TEACHER, "eval.judge": {"model": TEACHER["model"]}},
        "must differ from data_gen.teacher",
    ),
    (
        "judge of the student's family",
        {"eval.judge": {"model": {"name": "x", "family": "SmolLM2"}}},
        "eval.judge is of the student's family",
    ),
    ("misspelt in a variation", {"sweep": {"bad": {"epoch": 2}}}, "did you mean sweep.bad.epochs?"),
    ("unknown in a variation", {"sweep": {"bad": {"zzzz": 2}}}, "the keys there are batch_size, "),
    ("no list", {"split.grades": "proved"}, "= 'proved': it should be a list; fix: write a list: "
     "[proved]"),
    ("no mapping", {"train": 5}, "it should be a mapping of keys to values; fix: write a mapping: "
     "{epochs: 1}"),
    ("an empty section", {"train": None}, "config train = null: it should be a mapping"),
    ("no mapping of names", {"sweep": 3}, "write a mapping: {mine: {epochs: 1}}"),
    ("a name that is no name", {"sweep": {"a b": {"epochs": 2}}}, "config sweep.a b: the name"),
    ("a key that is no text", {1: 2}, "config 1: there is no such key"),
    ("unknown GPU", {"plan.gpu": "zz"}, "GPU 'zz': the hardware table has no such GPU; fix: name "
     "one of "),
    ("no such test set", {"eval.sets": {"mine": {"kind": "own", "path": "no.jsonl"}}},
     "there is no file no.jsonl; fix: put JSON Lines of"),
    ("a variation's batch", {"sweep": {"a": {"micro_batch_size": 3}}},
     "config: sweep.a: batch_size 4 is no multiple"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"), [(c, s) for _, c, s in BAD], ids=[n for n, _, _ in BAD]
)
def test_a_bad_value_is_one_line_that_names_it(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as caught:
        load({**default(), **change})
    message = str(caught.value)
    assert says in message and "\n" not in message
    assert message.count("fix: ") == 1 and not re.search(r"\binstance\b|tuple|dictionary", message)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"data_gen.techniques": ["magic"]}, "see data_gen.techniques in"),
        ({"sweep": {"bad": {"epochs": -1}}}, "see sweep.<name>.epochs in"),
        ({"train.epochs": "many"}, "see train.epochs in"),
    ],
)
def test_the_place_in_the_schema_is_one_that_it_has(change: dict[str, Any], where: str) -> None:
    with pytest.raises(UserError, match=f"{where} config/settings.schema.json"):
        load({**default(), **change})


def test_a_verifier_of_another_family_is_welcome() -> None:
    load({**default(), "data_gen.teacher": TEACHER, "verify.verifier": VERIFIER})


@pytest.mark.parametrize(
    ("verifier", "related"),
    [
        (("Qwen/Qwen3-32B", "qwen3"), True),
        (("qwen2.5:72b", "local"), True),
        (("unsloth/Qwen2.5-Math-72B-Instruct-AWQ", "unsloth"), True),
        (("Qwen/QwQ-32B", "qwq"), True),
        (("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "deepseek"), True),
        (("/models/teacher", "Qwen 2.5"), True),
        (("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama"), False),
        (("mistralai/Mathstral-7B-v0.1", "mistral"), False),
        (("gpt-4o", "openai"), False),
    ],
)
def test_families_are_known_by_any_spelling(verifier: tuple[str, str], related: bool) -> None:
    name, family = verifier
    config = {
        **default(),
        "data_gen.teacher": TEACHER,
        "verify.verifier": {"model": {"name": name, "family": family}},
    }
    if related:
        with pytest.raises(UserError, match="cannot vouch for itself"):
            load(config)
    else:
        load(config)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("org/Nova-9B", "other/nova-9b-AWQ"),
        ("org/Nova-9B-Instruct", "org/Nova-9B-GPTQ-Int4"),
        ("org/Nova-9B", "elsewhere/Nova-9B-instruct-fp8"),
    ],
)
def test_an_unknown_model_is_itself_in_any_quantisation(one: str, other: str) -> None:
    assert families(Model(name=one, family="a")) & families(Model(name=other, family="b"))
    assert not families(Model(name=one, family="a")) & families(Model(name="x/Vega", family="b"))


def test_a_missing_file_of_held_out_problems_is_named() -> None:
    with pytest.raises(UserError, match="held_out names /no/such.jsonl"):
        load({**default(), "split.held_out": ["/no/such.jsonl"]})


def test_every_missing_section_is_named() -> None:
    for key in ("name", "seed", "data_gen", "verify", "split", "train", "eval"):
        config = default()
        del config[key]
        with pytest.raises(UserError, match=f"config {key}"):
            load(config)


def test_dotted_keys_are_nested_over_what_is_there() -> None:
    config = {"train": {"epochs": 1, "a": 2}, "train.epochs": 3, "x": 1}
    before = copy.deepcopy(config)
    assert expand_dotted(config) == {"train": {"epochs": 3, "a": 2}, "x": 1}
    assert config == before


def test_a_run_depends_on_its_own_shots_alone() -> None:
    settings = load(default())
    other = load({**default(), "eval.final.shots": 3})
    assert settings.eval.predict("baseline") == other.eval.predict("baseline")
    assert settings.eval.predict("final") != other.eval.predict("final")


def test_unknown_keys_are_forbidden_at_every_level() -> None:
    def models(model: type) -> set[type]:
        found = {model}
        for field in model.model_fields.values():  # type: ignore[attr-defined]
            for option in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if isinstance(option, type) and hasattr(option, "model_fields"):
                    found |= models(option)
        return found

    sections = models(Settings)
    assert len(sections) >= 12
    assert all(section.model_config["extra"] == "forbid" for section in sections)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "train:\n  epochs: 1\nseed: 2\ntrain: {}\n",
            "the key train stands twice, in lines 1 and 4",
        ),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "the key a.b stands twice, in lines 2 and 4"),
        ("a:\n  - {x: 1}\n  - {x: 1, x: 2}\n", "the key a.x stands twice, in line 3"),
        ("a: [1\nb: 2\n", "it is not YAML (line 2)"),
        ("", "it holds no settings"),
        ("# name: none\n", "it holds no settings"),
        ("- a\n", "it holds no settings"),
        ("a: !!python/object:os.system x\n", "it is not YAML (line 1)"),
        ("? [a]\n: 1\n", "it is not YAML (line 1)"),
        ("a: &a [*a]\n", "it is not YAML (Circular reference detected)"),
        ("train: &t {epochs: *t}\n", "it is not YAML (Circular reference detected)"),
        ("a: " + 5000 * "[" + 5000 * "]" + "\n", "it is not YAML (maximum recursion depth"),
    ],
)
def test_a_config_file_that_says_two_things(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(f"{path}: {says}")):
        config_files.check(path)


def test_config_files_that_say_one_thing(tmp_path: Path) -> None:
    for path in (REPO / "config").glob("*.yaml"):
        config_files.check(path)
    for text in (
        "a: &x {b: 1}\nc: *x\n",
        "a:\n  <<: {b: 1}\n  b: 2\n",
        '{"a": 1}',
    ):
        (tmp_path / "mine.yaml").write_text(text)
        config_files.check(tmp_path / "mine.yaml")


def test_a_date_that_is_none_is_one_line(tmp_path: Path) -> None:
    """In a process of its own: libraries that other tests import change how YAML reads dates."""
    path = tmp_path / "mine.yaml"
    path.write_text("name: 2024-13-45\n")
    done = subprocess.run(
        [sys.executable, "-m", "olympiad_ineq.cli", "plan", "--configfile", str(path)], text=True,
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {path}: it is not YAML (month must be in 1..12); fix: ")


def test_a_config_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refuse)  # root may read everything
    with pytest.raises(UserError, match="you may not read it"):
        config_files.check(tmp_path / "mine.yaml")


def test_null_on_snakemakes_command_line_is_none() -> None:
    """It leaves the word as text where a file would have null."""
    settings = load({**layered(), "eval.judge": "null", "train.micro_batch_size": "null"})
    assert settings.eval.judge is None and settings.train.micro_batch_size is None
    assert load(default() | {"plan": {"gpu": "null"}}).plan.gpu is None


@pytest.mark.parametrize("key", ["train.epochs", "verify.seconds", "train.learning_rate"])
def test_no_number_is_infinite(key: str) -> None:
    with pytest.raises(UserError, match=re.escape(key)):
        load({**default(), key: float("inf")})
