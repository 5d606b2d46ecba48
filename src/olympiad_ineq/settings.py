"""The config as typed models: what config/config.yaml may say, and what each value must obey.

Unknown keys are forbidden at every level. `load` is the only door: Snakemake's merged config in,
`Settings` out, or one `UserError` that names the key, the rule and the fix. The JSON schema in
config/settings.schema.json is generated from these models (`make schema`) and tested against drift.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from olympiad_ineq.records import Grade, Technique
from olympiad_ineq.settings_errors import Broken, broken, explain

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


# A verifier's prompt that is filled up with worked examples holds so many at most, leaves room for
# so many characters of problem and proof, and counts on this context where an endpoint's is unsaid.
MOST_SHOTS, QUESTION_ROOM, UNSAID_CONTEXT = 128, 4_000, 8_192


class Section(BaseModel):
    """Base of all sections: immutable, unknown keys forbidden."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Price(Section):
    """What an endpoint charges, in dollars per million tokens."""

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


class Batch(Section):
    """Questions handed to an endpoint's batch API as files: cheaper, answered within a day."""

    poll_seconds: float = Field(default=60, gt=0, description="between two looks at a batch")
    requests: Annotated[int, Field(ge=1, le=50_000)] = Field(
        default=20_000, description="of one batch at most"
    )
    price_factor: Share = Field(default=0.5, description="of the price of single requests")


class Model(Section):
    """A language model that somebody else trained: teacher, verifier or judge."""

    engine: Literal["vllm", "openai", "transformers"] = "vllm"
    name: str = Field(min_length=1, description="hub id, folder, or the endpoint's model id")
    family: str = Field(min_length=1, description="who made it; teacher and verifier must differ")
    revision: str | None = Field(default=None, description="pinned commit of the hub repository")
    tensor_parallel: Count = 1
    quantization: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "half"] = "auto"
    max_model_len: Count | None = None
    gpu_memory_utilization: Share = 0.92
    base_url: str | None = Field(default=None, description="an OpenAI-compatible endpoint")
    price: Price | None = Field(
        default=None,
        description="for the costs that are reported; none: the planner's table of prices",
    )
    batch: Batch | None = Field(
        default=None, description="engine openai: ask through the endpoint's batch API"
    )
    seeds: bool = Field(
        default=True, description="engine openai: send a seed with what is drawn at a temperature"
    )

    @model_validator(mode="after")
    def _endpoints_have_batches(self) -> "Model":
        if self.batch and self.engine != "openai":
            raise Broken(
                f"batch is of engine openai alone, and engine is {self.engine}",
                "set engine: openai or take batch out",
            )
        return self

    @model_validator(mode="after")
    def _whole_models(self) -> "Model":
        if self.engine == "transformers" and (self.tensor_parallel > 1 or self.quantization):
            raise Broken(
                "engine transformers loads the whole model, as it is, on one device",
                "set engine: vllm, or tensor_parallel: 1 and quantization: null",
            )
        return self


class Teacher(Section):
    """The model source of data_gen."""

    model: Model
    requests: Count = Field(description="the budget: problems asked for at most")
    target: Count | None = Field(
        default=None,
        description="distinct problems with checked proofs wanted of all techniques together, in "
        "equal parts; none: the whole budget is asked for in one round",
    )
    expected_yield: float = Field(
        default=0.5, gt=0, le=1, description="usable rows a request gives, until some were seen"
    )
    shards: Count = 1
    shots: Count = Field(default=4, description="worked examples in each prompt")
    temperature: float = Field(default=0.8, ge=0, le=2)
    top_p: Share = 0.95
    max_new_tokens: Count = 1200


class DataGen(Section):
    """Where candidates come from."""

    techniques: tuple[Technique, ...] = Field(min_length=1)
    difficulties: tuple[Annotated[int, Field(ge=1, le=4)], ...] = Field(min_length=1)
    variables: tuple[Annotated[int, Field(ge=1, le=4)], ...] = Field(min_length=1)
    symbolic: int = Field(default=0, ge=0, description="candidates, sound by construction")
    teacher: Teacher | None = None
    revision: int = Field(default=1, description="bump to ask the teacher again")

    @model_validator(mode="after")
    def _has_a_source(self) -> "DataGen":
        if self.symbolic == 0 and self.teacher is None:
            raise Broken("there is no source", "set symbolic above 0 or name a teacher")
        for name in ("techniques", "difficulties", "variables"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise Broken(f"{name} names a value twice", "name it once")
        return self


class Verifier(Section):
    """The second model: an opinion on what the checker could neither prove nor refute."""

    model: Model
    shards: Count = Field(default=1, description="jobs that share the work; no row depends on it")
    votes: Count = 3
    shots: Count | None = Field(
        default=None,
        description="checked examples, good and bad, in the prompt; none: as many as fit the "
        "model's context",
    )
    temperature: float = Field(default=0.6, ge=0, le=2)
    max_new_tokens: Count = 1200
    audit_sound: Count = Field(default=100, description="sound proofs that grade the verifier")
    audit_mutants: Count = Field(default=304, description="spoilt proofs that grade the verifier")
    floor: Share = Field(
        default=0.9,
        description="share of the audit's wrong proofs that it must reject, at the lower end of "
        "the 95 % interval, for what it accepts to enter the data",
    )


class Verify(Section):
    """Limits of one check, and the second model."""

    seconds: float = Field(default=10, gt=0, description="per candidate")
    memory_mb: int = Field(default=2048, ge=256, description="per checking process")
    verifier: Verifier | None = None
    revision: int = Field(default=1, description="bump to ask the verifier again")


class Split(Section):
    """Which checked candidates become examples, and on which side."""

    train: Count
    test: Count
    grades: tuple[Grade, ...] = Field(default=("proved",), min_length=1)
    admit_verified: bool = Field(
        default=False, description="also open rows that the second model accepted"
    )
    near_duplicates: float | None = Field(
        default=0.9,
        gt=0.3,
        le=1,
        description="Jaccard similarity of texts from which one of two problems is left out; none: "
        "only equal problems are",
    )
    held_out: tuple[str, ...] = Field(
        default=(),
        description="files of problems that must not be in the data (benchmarks): JSON Lines, "
        "parquet, or one text a line",
    )

    @model_validator(mode="after")
    def _held_out_files_are_there(self) -> "Split":
        missing = [name for name in self.held_out if not Path(name).is_file()]
        if missing:
            raise Broken(
                f"held_out names {missing[0]}, and there is no such file",
                "correct the path, or take it out",
            )
        return self

    @model_validator(mode="after")
    def _admits_no_known_wrong(self) -> "Split":
        wrong = [grade for grade in self.grades if grade not in ("proved", "supported")]
        if wrong:
            raise Broken(
                f"grades admits {wrong[0]} proofs to the data", "admit proved, or supported, alone"
            )
        return self


class Student(Section):
    """The small model that learns."""

    source: Literal["pypi", "hub", "folder"]
    name: str = Field(min_length=1, description="package, hub id or folder")
    family: str = Field(min_length=1)
    revision: str | None = None

    @model_validator(mode="after")
    def _folder_is_there(self) -> "Student":
        if self.source == "folder" and not (Path(self.name) / "config.json").is_file():
            raise Broken(
                f"name is {self.name!r}, but there is no model there (no config.json in it)",
                "name a folder that a model was saved in, or another source",
            )
        return self


class Wandb(Section):
    """Experiment logging; offline until the user says otherwise."""

    mode: Literal["offline", "online", "disabled"] = "offline"
    project: str = "olympiad-ineq"


class Train(Section):
    """Full fine-tuning on one device."""

    student: Student
    epochs: float = Field(gt=0)
    learning_rate: float = Field(gt=0, lt=1)
    batch_size: Count = Field(description="sequences per optimizer step")
    micro_batch_size: Count | None = Field(default=None, description="sequences per forward pass")
    max_length: Count = Field(description="tokens; longer examples are left out and counted")
    warmup_ratio: Share = 0.05
    weight_decay: float = Field(default=0.0, ge=0)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    gradient_checkpointing: bool = False
    checkpoint_steps: Count = 50
    validation: int = Field(
        default=0, ge=0, description="training examples held out, families whole; 0: none"
    )
    evaluate_steps: Count = Field(default=100, description="steps between two validation losses")
    keep: Literal["best", "last"] = Field(
        default="best", description="the model placed: of the least validation loss, or of the end"
    )
    samples: int = Field(
        default=0, ge=0, description="held-out problems answered and logged at each evaluation"
    )
    wandb: Wandb = Wandb()
    revision: int = Field(default=1, description="bump to train again after a code change")

    @model_validator(mode="after")
    def _micro_batches_fill_a_batch(self) -> "Train":
        if self.micro_batch_size and self.batch_size % self.micro_batch_size:
            raise Broken(
                f"batch_size {self.batch_size} is no multiple of "
                f"micro_batch_size {self.micro_batch_size}",
                "change one of the two",
            )
        return self

    @model_validator(mode="after")
    def _samples_are_held_out(self) -> "Train":
        if self.samples > self.validation:
            raise Broken(
                f"samples {self.samples} are drawn from validation {self.validation}",
                "raise validation or lower samples",
            )
        return self


class Curve(Section):
    """Trainings on nested parts of the data: does more data help?"""

    shares: tuple[Annotated[float, Field(ge=0.001, le=1)], ...] = Field(
        default=(0.125, 0.25, 0.5, 1.0), min_length=2, description="of the training side"
    )
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(1, 2, 3), min_length=1, description="each a training on parts of its own"
    )
    worth: Share = Field(
        default=0.02, description="a doubling that is expected to add less to the rate says stop"
    )


class Variation(Section):
    """A training of the sweep: what differs from `train`; the rest is as it stands there."""

    student: Student | None = None
    epochs: float | None = Field(default=None, gt=0)
    learning_rate: float | None = Field(default=None, gt=0, lt=1)
    batch_size: Count | None = None
    micro_batch_size: Count | None = None
    max_length: Count | None = None
    warmup_ratio: Share | None = None
    weight_decay: float | None = Field(default=None, ge=0)


DataSet = Literal["symbolic", "model", "proved", "proved_verified"]


class Ablation(Section):
    """Trainings on one kind of row each: which data help?"""

    sets: tuple[DataSet, ...] = ()
    rows: Count | None = Field(
        default=None, description="at most so many of each set, so that size is no difference"
    )


class Run(Section):
    """What may differ between baseline and final, beside the weights."""

    shots: Annotated[int, Field(ge=0, le=32)]


class Samples(Section):
    """Further answers to each problem, drawn at a temperature, for pass@k."""

    count: int = Field(default=0, ge=0, description="answers drawn per problem; 0: greedy alone")
    temperature: float = Field(default=0.8, gt=0, le=2)
    top_p: Share = 0.95


class Predict(Run):
    """All that the predict stage of one run depends on, beside its inputs and the seed."""

    engine: Literal["auto", "vllm", "transformers"]
    dtype: Literal["auto", "float32", "bfloat16", "half"]
    max_new_tokens: Count
    batch: Count
    samples: Samples = Samples()
    revision: int


class Floor(Section):
    """Below these a judge is not to be believed, and the headline falls back to the checker."""

    youden: Share = Field(
        default=0.5, description="lower end of the interval of Youden's index on the audit set"
    )
    unscored: Share = Field(default=0.1, description="largest share of unreadable judgements")


class Judge(Section):
    """A model that grades student proofs: an opinion, never the only one."""

    model: Model
    votes: Count = Field(default=1, description="any objection rejects")
    shots: Annotated[int, Field(ge=0, le=32)] = 4
    temperature: float = Field(default=0.6, ge=0, le=2, description="of a judge that votes twice")
    max_new_tokens: Count = 1200
    floor: Floor = Floor()


class Audit(Section):
    """The proofs of known quality that grade the judge, and the checker, in every run."""

    sound: Count = 100
    mutants: Count = Field(default=304, description="in equal parts of eight types of error")


MAIN_RUNS = ("baseline", "final")
CONTROLS = ("base_zero_shot", "tuned_few_shot")
CLASSICS = "classics"
TRAININGS = ("curve", "sweep", "data")  # runs named <kind>_<...>, each with weights of its own
_ON_A_SET = re.compile(
    rf"(?!(?:{'|'.join(TRAININGS)})_)(?P<set>[a-z][a-z0-9]*)_"
    rf"(?P<name>{'|'.join((*MAIN_RUNS, *CONTROLS))}|(?:{'|'.join(TRAININGS)})_\w+)"
)
SET_KINDS = {
    "ineqmath": "AI4Math/IneqMath's json/dev.json",
    "lean_ineq_comp": "LeanIneqComp's benchmark/*.jsonl, or a .lean file",
    "own": 'JSON Lines of {"text": ...}',
}


class TestSet(Section):
    """A further test set: a public one, or your own problems."""

    __test__ = False  # no class of pytest's

    kind: Literal["ineqmath", "lean_ineq_comp", "own"]
    path: str

    @model_validator(mode="after")
    def _file_is_there(self) -> "TestSet":
        if not Path(self.path).is_file():
            what = SET_KINDS[self.kind]
            raise Broken(f"there is no file {self.path}", f"put {what} there, or correct the path")
        return self


class Eval(Section):
    """One harness for every run name."""

    engine: Literal["auto", "vllm", "transformers"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "half"] = "auto"
    max_new_tokens: Count
    batch: Count = Field(default=64, description="answers that a kill can cost, and no more")
    baseline: Run
    final: Run
    controls: bool = Field(
        default=False, description="also base zero-shot and tuned few-shot: the 2 x 2"
    )
    classics: bool = Field(default=False, description="also the classics, as a second test set")
    sets: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")], TestSet] = Field(
        default={}, description="further test sets: snakemake results/eval/<set>_final.json"
    )
    samples: Samples = Samples()
    judge: Judge | None = Field(default=None, description="none: the checker is the judge")
    audit: Audit = Audit()
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    revision: int = Field(default=1, description="bump to ask the student again")

    @model_validator(mode="after")
    def _names_of_sets_are_free(self) -> "Eval":
        taken = {CLASSICS, *TRAININGS, "test", "train", "base", "tuned"} & set(self.sets)
        if taken:
            raise Broken(f"the set {min(taken)} has a name that is taken", "choose another")
        return self

    def predict(self, run: str) -> Predict:
        """What one run's predictions depend on: everything shared, and its own shots.

        Every tuned model is asked as `final` is. The controls cross weights and prompting:
        `base_zero_shot` is asked as `final` is, `tuned_few_shot` as `baseline` is.
        """
        name = set_and_name(run)[1]
        asked = {"base_zero_shot": self.final, "tuned_few_shot": self.baseline}
        own = asked.get(name) or (self.baseline if name == "baseline" else self.final)
        shared = {name: getattr(self, name) for name in Predict.model_fields if name != "shots"}
        return Predict(shots=own.shots, **shared)


def set_and_name(run: str) -> tuple[str, str]:
    """The test set that a run's name begins with (none: `test`), and the rest of the name."""
    found = _ON_A_SET.fullmatch(run)
    return (found["set"], found["name"]) if found else ("test", run)


def test_set_of(run: str) -> str:
    """The file that a run is tested on."""
    return f"results/split/{set_and_name(run)[0]}.parquet"


def compared_with(run: str) -> str | None:
    """The run that a run is compared with on the same problems: `baseline` of its test set.

    Those of the learning curve are compared with one another, the controls in controls.json.
    """
    name = set_and_name(run)[1]
    if name.startswith(("baseline", "curve_")) or name in CONTROLS:
        return None
    return run.removesuffix(name) + "baseline"


def weights_of(run: str) -> str:
    """Whose weights a run uses: results/train/<this>/model."""
    name = set_and_name(run)[1]
    return {"base_zero_shot": "baseline", "tuned_few_shot": "final"}.get(name, name)


class Plan(Section):
    """What the run is planned for, before anything is submitted; no result depends on it."""

    gpu: str | None = Field(
        default=None, description="a GPU of planner/data/gpus.json; none: this machine's CPU"
    )
    gpus: Count = Field(default=4, description="GPUs that the run may hold at once")
    force: bool = Field(default=False, description="submit even what the plan says cannot fit")

    @field_validator("gpu")
    @classmethod
    def _gpu_is_known(cls, name: str | None) -> str | None:
        if name is not None:
            from olympiad_ineq.planner import hardware  # the planner imports this module

            hardware.gpu(name)  # its own error lists those that there are
        return name


class Report(Section):
    """The page that people read."""

    title: str = "Can a small model learn to prove olympiad inequalities?"
    wandb: bool = Field(default=False, description="also log the results as W&B tables")


class Settings(Section):
    """The whole config. `name` says which run a results folder belongs to."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    data_gen: DataGen
    verify: Verify
    split: Split
    train: Train
    eval: Eval
    curve: Curve = Curve()
    sweep: dict[Annotated[str, Field(pattern=r"^\w+$")], Variation] = {}
    ablation: Ablation = Ablation()
    report: Report = Report()
    plan: Plan = Plan()

    @model_validator(mode="after")
    def _variations_are_trainings(self) -> "Settings":
        for name, variation in self.sweep.items():
            changes = variation.model_dump(exclude_none=True)
            try:
                Train.model_validate({**self.train.model_dump(), **changes})
            except ValidationError as error:
                rule, fix = broken(error)
                raise Broken(f"sweep.{name}: {rule}", fix) from None
        return self

    @model_validator(mode="after")
    def _opinions_are_independent(self) -> "Settings":
        teacher, verifier, judge = self.data_gen.teacher, self.verify.verifier, self.eval.judge
        if teacher and verifier:
            _differ("verify.verifier", verifier.model, "data_gen.teacher", teacher.model)
        if teacher and judge:
            _differ("eval.judge", judge.model, "data_gen.teacher", teacher.model)
        if judge and judge.model.family.lower() == self.train.student.family.lower():
            raise Broken("eval.judge is of the student's family", "name a judge of another")
        return self

    @model_validator(mode="after")
    def _rows_can_suffice(self) -> "Settings":
        asked = self.split.train + self.split.test
        source = self.data_gen.symbolic + (
            self.data_gen.teacher.requests if self.data_gen.teacher else 0
        )
        if asked > source:
            raise Broken(
                f"split asks for {asked} examples (train + test) of {source} candidates",
                "raise data_gen.symbolic or lower split.train or split.test",
            )
        return self


# What the names of a vendor's models have in common, by family: a model distilled from two has
# both, and is nobody's independent verifier.
_FAMILIES = {
    "qwen": ("qwen", "qwq", "qvq"),
    "llama": ("llama", "nemotron", "tulu", "hermes"),
    "mistral": ("mistral", "mixtral", "ministral", "mathstral", "codestral", "magistral"),
    "deepseek": ("deepseek",),
    "gemma": ("gemma", "gemini"),
    "phi": ("phi",),
    "gpt": ("gpt", "openai", "chatgpt", "davinci"),
    "claude": ("claude", "anthropic"),
    "smollm": ("smollm",),
    "internlm": ("internlm",),
    "olmo": ("olmo",),
    "glm": ("glm",),
}
_QUANTIZED = re.compile(
    r"[-_.](?:awq|gptq|fp8|fp16|bf16|int[48]|w\d+a\d+|[48]bit|gguf|bnb|exl2|mlx|q\d\w*|dynamic"
    r"|instruct|chat|it|base)(?=$|[-_.])"
)


def families(model: Model) -> set[str]:
    """The families that a model's name and declared family speak of, whatever their spelling.

    A name of no known family stands for itself: without its organisation, and without what says
    how it was quantised or tuned.
    """
    name = model.name.lower().rstrip("/").rsplit("/", 1)[-1]
    declared = re.sub(r"[\W\d_]+$", "", model.family.lower())
    found = {
        family
        for family, words in _FAMILIES.items()
        if any(re.search(rf"(?<![a-z]){word}", text) for word in words for text in (name, declared))
    }
    while (shorter := _QUANTIZED.sub("", name)) != name:
        name = shorter
    return found | {declared, name}


def _differ(role: str, model: Model, other_role: str, other: Model) -> None:
    if families(model) & families(other):
        raise Broken(
            f"{role} is {model.name} (family {model.family}), which must differ from "
            f"{other_role}, {other.name} (family {other.family}): a model cannot vouch for itself",
            "name a model of another family",
        )


def expand_dotted(config: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `{"train.epochs": 1}` into `{"train": {"epochs": 1}}`, merged over what is there."""
    expanded: dict[str, Any] = {}
    for key, value in sorted(config.items(), key=lambda item: "." in str(item[0])):
        parts = str(key).split(".")
        nested: Any = value
        for part in reversed(parts[1:]):
            nested = {part: nested}
        _merge(expanded, {parts[0]: nested})
    return expanded


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), Mapping):
            below = dict(into[key])
            _merge(below, value)
            into[key] = below
        else:
            into[key] = value


def load(config: Mapping[str, Any]) -> Settings:
    """Validate a merged config.

    Raises:
        UserError: the first broken rule, with the key's dotted name, its value and the fix.
    """
    try:
        return Settings.model_validate(_with_nulls(expand_dotted(config)))
    except ValidationError as error:
        raise explain(error, Settings) from None


def _with_nulls(value: Any) -> Any:
    """`--config key=null` reaches us as the text, which no setting has for a value."""
    if isinstance(value, Mapping):
        return {key: _with_nulls(below) for key, below in value.items()}
    return None if value == "null" else value


def json_schema() -> dict[str, Any]:
    """The schema of the config, for editors and for config/settings.schema.json."""
    return Settings.model_json_schema()
