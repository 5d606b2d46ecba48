"""What reruns when something changes: exactly the stages that it affects."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from olympiad_ineq.settings import Section, load
from tests.test_settings import default
from tests.workflow.conftest import REPO, snakemake, snakemake_of

EVAL = ["predict", "judge", "score", "report"]
TRAIN = ["train", *EVAL]
SPLIT = ["split", "split_side", "data_card", "data_report", *TRAIN]
VERIFY = ["verify_check", "verify", *SPLIT]
DATA = ["data_gen_symbolic", "data_gen", *VERIFY]
AUDIT = ["judge_audit", "report"]
ASKED = [
    "fetch_model",
    "judge_model",
    "judge",
    "judge_audit_model",
    "judge_audit",
    "score",
    "report",
]

# Every value of the config, another value for it, and the rules that then run. `verify` and all
# after it follow a checked file that is made again, whatever its bytes turn out to be.
AFFECTED: dict[str, tuple[str, list[str]]] = {
    "name": ("embedded2", []),  # a label; another name is refused at the start, see test_bad_input
    "seed": ("7", [*DATA, "audit_set", "judge_audit"]),
    "data_gen.techniques": ("[amgm,sos]", DATA),
    "data_gen.difficulties": ("[1,2]", DATA),
    "data_gen.variables": ("[2,3]", DATA),
    "data_gen.symbolic": ("150", DATA),
    "data_gen.teacher": (
        "{model: {name: x/y, family: z}, requests: 4}",
        ["fetch_model", "data_gen_model", "data_gen", *VERIFY],
    ),
    "data_gen.revision": ("2", []),  # of the teacher's rows, and this run has no teacher
    "verify.seconds": ("11", [*VERIFY, "judge_audit"]),
    "verify.memory_mb": ("2049", [*VERIFY, "judge_audit"]),
    "verify.verifier": (
        "{model: {name: x/y, family: z}}",
        ["fetch_model", "verify_model", "verify_votes", "verify", *SPLIT],
    ),
    "verify.revision": ("2", []),  # of the verifier's votes, and this run has no verifier
    "split.train": ("23", SPLIT),
    "split.test": ("7", SPLIT),
    "split.grades": ("[proved,supported]", SPLIT),
    "split.admit_verified": ("true", SPLIT),
    "split.near_duplicates": ("0.8", SPLIT),
    "split.held_out": (f"[{REPO}/Makefile]", SPLIT),
    "train.student.source": ("hub", ["base_model", *TRAIN]),
    "train.student.name": ("other", ["base_model", *TRAIN]),
    "train.student.family": ("other", ["base_model", *TRAIN]),
    "train.student.revision": ("abc", ["base_model", *TRAIN]),
    "train.epochs": ("2", TRAIN),
    "train.learning_rate": ("1e-5", TRAIN),
    "train.batch_size": ("8", TRAIN),
    "train.micro_batch_size": ("2", TRAIN),
    "train.max_length": ("500", TRAIN),
    "train.warmup_ratio": ("0.1", TRAIN),
    "train.weight_decay": ("0.1", TRAIN),
    "train.precision": ("fp32", TRAIN),
    "train.gradient_checkpointing": ("true", TRAIN),
    "train.checkpoint_steps": ("3", []),  # how often it saves changes nothing in what it learns
    "train.validation": ("4", TRAIN),
    "train.evaluate_steps": ("7", TRAIN),
    "train.keep": ("last", TRAIN),
    "train.samples": ("0", []),  # what is looked at on the way changes nothing in what it learns
    "train.wandb.mode": ("disabled", []),
    "train.wandb.project": ("other", []),
    "train.revision": ("2", TRAIN),
    "eval.engine": ("auto", EVAL),
    "eval.dtype": ("float32", EVAL),
    "eval.max_new_tokens": ("25", EVAL),
    "eval.batch": ("5", EVAL),
    "eval.baseline.shots": ("1", EVAL),
    "eval.final.shots": ("1", EVAL),
    "eval.controls": ("true", ["predict", "judge", "score", "controls", "report"]),
    "eval.classics": ("true", ["test_set", "predict", "judge", "score", "report"]),
    "eval.sets": (f"{{mine: {{kind: own, path: {REPO}/Makefile}}}}", ["test_set", *SPLIT]),
    "eval.samples.count": ("2", EVAL),
    "eval.samples.temperature": ("0.7", EVAL),
    "eval.samples.top_p": ("0.9", EVAL),
    "eval.judge": ("{model: {name: x/y, family: z}}", [*ASKED, "audit_set"]),
    "eval.audit.sound": ("5", ["audit_set", *AUDIT]),
    "eval.audit.mutants": ("16", ["audit_set", *AUDIT]),
    "eval.confidence": ("0.9", ["score", *AUDIT]),
    "eval.revision": ("2", EVAL),
    # of trainings that `all` does not ask for
    "curve.shares": ("[0.5,1]", []),
    "curve.seeds": ("[1]", []),
    "curve.worth": ("0.1", []),
    "sweep": ("{slow: {learning_rate: 1e-4}}", []),
    "ablation.sets": ("[model]", []),
    "ablation.rows": ("10", []),
    "report.wandb": ("true", ["report"]),
    "report.title": ("Another title", ["report"]),
    "plan.gpu": ("h100", []),  # what a run is planned for changes nothing in it
    "plan.gpus": ("8", []),
    "plan.force": ("true", []),
}
# Beside the rule's name, which of the two runs: the other one stays.
ONE_RUN_ONLY = {"eval.baseline.shots": "baseline", "eval.final.shots": "final"}


def planned(output: str) -> list[str]:
    """The rules that a dry run would run, each once, without `all`."""
    rules = re.findall(r"^(?:local)?rule (\w+):$", output, flags=re.MULTILINE)
    return sorted(set(rules) - {"all"})


def leaves(section: Section, above: str = "") -> set[str]:
    found = set()
    for name in type(section).model_fields:
        value = getattr(section, name)
        dotted = f"{above}{name}"
        found |= leaves(value, f"{dotted}.") if isinstance(value, Section) else {dotted}
    return found


def test_the_table_names_every_value_of_the_config() -> None:
    assert leaves(load(default())) == set(AFFECTED)


def test_a_finished_run_has_nothing_to_do(tiny_run: Path) -> None:
    done = snakemake(tiny_run, "results/eval/final.json")
    assert done.returncode == 0 and "Nothing to be done" in done.stdout


def test_each_value_reruns_exactly_what_it_affects(tiny_run: Path) -> None:
    def wrong(key: str) -> str | None:
        value, rules = AFFECTED[key]
        dry = snakemake(tiny_run, "--dry-run", **{key.replace(".", "__"): value})
        if dry.returncode != 0:
            return f"{key}: {dry.stdout[-600:]}"
        got = planned(dry.stdout)
        if got != sorted(rules):
            return f"{key}: {got}, not {sorted(rules)}"
        run = ONE_RUN_ONLY.get(key)
        predicted = set(re.findall(r"output: results/eval/(\w+)/predictions", dry.stdout))
        if run and predicted != {run}:
            return f"{key}: predicts {predicted}"
        return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        problems = [problem for problem in pool.map(wrong, AFFECTED) if problem]
    assert problems == []


def test_without_the_test_set_only_its_dependents_are_remade(copied_run: Path) -> None:
    before = (copied_run / "results/split/train.parquet").stat().st_mtime_ns
    (copied_run / "results/split/test.parquet").unlink()
    dry = snakemake(copied_run, "--dry-run", "results/eval/final.json")
    assert planned(dry.stdout) == ["judge", "predict", "score", "split_side"], dry.stdout
    done = snakemake(copied_run, "results/eval/final.json")
    assert done.returncode == 0, done.stdout[-3000:]
    assert (copied_run / "results/split/train.parquet").stat().st_mtime_ns == before


def test_editing_the_kernel_reruns_the_checking_stages_only(
    tiny_run: Path, copied_project: Path
) -> None:
    """A copy of the project whose kernel differs by a comment plans another check, no training
    of its own accord before the checked rows are there."""
    kernel = copied_project / "src/olympiad_ineq/kernel/theorem.py"
    kernel.write_text(kernel.read_text() + "\n# a comment\n")
    rules = planned(snakemake_of(copied_project, tiny_run, "--dry-run").stdout)
    assert "verify_check" in rules and "score" in rules
    assert "base_model" not in rules


def test_the_dag_draws(tiny_run: Path) -> None:
    dag = subprocess.run(
        [*_plain(tiny_run), "--dag"], cwd=REPO, text=True, capture_output=True, check=True
    )
    svg = subprocess.run(["dot", "-Tsvg"], input=dag.stdout, text=True, capture_output=True)
    assert svg.returncode == 0 and "<svg" in svg.stdout and "verify" in svg.stdout


def _plain(folder: Path) -> list[str]:
    from tests.workflow.conftest import command

    return command(folder)[: command(folder).index("--config")]


def test_the_full_run_asks_for_gpus_on_gpu_rules_only(tmp_path: Path) -> None:
    import sys

    dry = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(tmp_path), "-n",
         "--profile", "profiles/slurm"],
        cwd=REPO, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert dry.returncode == 0, dry.stdout[-3000:]
    gpus: dict[str, set[str]] = {}
    for rule, body in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", dry.stdout, re.M):
        found = re.search(r"\bgpu=(\d+)", body)
        model = re.search(r"\bgpu_model=(\w+)", body)
        gpus.setdefault(rule, set()).add(
            f"{found[1] if found else 0}{':' + model[1] if model else ''}"
        )
    assert {rule: counts for rule, counts in gpus.items() if counts != {"0"}} == {
        "data_gen_model": {"4:a100"},
        "verify_model": {"4:a100"},
        "train": {"1:a100"},
        "predict": {"1:a100"},
    }
    assert gpus["judge_model"] == {"0"}  # an API judge needs none
