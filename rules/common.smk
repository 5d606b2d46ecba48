"""Config validation, wildcard constraints, code digests, and whose results folder this is."""

import gc
import json
import shlex
import sys
from pathlib import Path

from olympiad_ineq import (
    cluster,
    config_files,
    hub,
    run_folder,
    settings as settings_module,
)
from olympiad_ineq.artifacts import code_digest, digest
from olympiad_ineq.curve import runs
from olympiad_ineq.errors import UserError
from olympiad_ineq.planner import command as planner_command

if workflow.is_main_process:
    # What is loaded and the DAG stay until the end: looking for garbage in them, over and over
    # while thousands of jobs are added, took a fifth of a dry run.
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)

try:
    if workflow.is_main_process:
        # those of the command line were looked at before Snakemake read them
        config_files.check(Path(workflow.basedir) / "config/config.yaml")
    SETTINGS = settings_module.load(config)
    if workflow.is_main_process:
        run_folder.check_record(Path("."), SETTINGS)
except UserError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)


# Rules call `python $SCRIPTS/<verb>.py`: this Python, from any folder. What a stage does with W&B
# changes no result, so it travels here and not as a param.
shell.prefix(
    "set -euo pipefail; "  # Snakemake's own prefix, which this one replaces
    # SIGTERM goes to every process of a cancelled job: the shell and the log wait for the script,
    # which saves what it has.
    "trap : TERM; tee() {{ trap '' TERM; command tee \"$@\"; }}; "
    f'export PATH="{Path(sys.executable).parent}:$PATH"'
    f' SCRIPTS="{workflow.basedir}/workflow_scripts"'
    f" WANDB_MODE={SETTINGS.train.wandb.mode}"
    f" WANDB_PROJECT={shlex.quote(SETTINGS.train.wandb.project)}; "
)


wildcard_constraints:
    run=(
        f"(({'|'.join([settings_module.CLASSICS, *SETTINGS.eval.sets])})_)?"
        f"(baseline|{'|'.join(settings_module.CONTROLS)}|{runs.pattern(SETTINGS)})"
    ),
    side="train|test",
    role="data_gen|verify|eval",
    shard=r"\d+",


def as_json(section, without=()):
    """A config section as canonical JSON: what a rule gets as a param, and reruns on."""
    return json.dumps(
        section.model_dump(mode="json", exclude=set(without)), sort_keys=True
    )


def code(*modules):
    """Digest of the modules that a CPU stage imports, so that editing them reruns it.

    GPU stages do not take one: a docstring must not cost GPU-hours. They rerun on the config's
    `revision`, and their manifests record the digest.
    """
    return code_digest(modules)


def content(*paths):
    """Digest of small files that people edit or replace, whatever their times say."""
    return " ".join(digest(Path(path))[:16] for path in paths)


def growing(amount):
    """More with each attempt: a cluster ends a job that asked for too little."""
    return lambda wildcards, attempt: amount * attempt


SYMBOLIC_SOURCE = (
    ["results/data_gen/symbolic.jsonl"] if SETTINGS.data_gen.symbolic else []
)
TEACHER_SHARDS = SETTINGS.data_gen.teacher.shards if SETTINGS.data_gen.teacher else 0
TEACHER_SHARD = "results/data_gen/model/{shard}.jsonl"
CANDIDATE_SOURCES = SYMBOLIC_SOURCE + expand(TEACHER_SHARD, shard=range(TEACHER_SHARDS))


def in_shell(pattern, shards):
    """The files of all shards as a shell command names them: `folder/{0..1999}.jsonl` for bash.

    Written out, some three thousand make a command that the kernel does not start (128 KiB).
    Give it to a param in a lambda: Snakemake would take the braces for a wildcard.
    """
    return pattern.replace("{shard}", f"{{0..{shards - 1}}}") if shards else ""


CANDIDATE_SOURCES_IN_SHELL = " ".join(
    [*SYMBOLIC_SOURCE, in_shell(TEACHER_SHARD, TEACHER_SHARDS)]
)
# What each shard of the teacher said that is no candidate.
REJECTS = "results/data_gen/model/{shard}.rejects.jsonl"
CLASSICS = f"{workflow.basedir}/config/benchmarks/classics.jsonl"
# As a command names it, and no input: the repository may be moved, and a path that changed would
# be a reason to train again. Its content is a param.
CLASSICS_IN_SHELL = "$SCRIPTS/../config/benchmarks/classics.jsonl"
# A test set's name: what its file is, and where.
TEST_SETS = {settings_module.CLASSICS: ("classics", CLASSICS)} | {
    name: (one.kind, one.path) for name, one in SETTINGS.eval.sets.items()
}
# Where the config names a model that somebody else trained, by the stage that asks it.
MODEL_SECTIONS = {
    "data_gen": "data_gen.teacher.model",
    "verify": "verify.verifier.model",
    "eval": "eval.judge.model",
}
ASKED = {
    stage: asked.model
    for stage, asked in {
        "data_gen": SETTINGS.data_gen.teacher,
        "verify": SETTINGS.verify.verifier,
        "eval": SETTINGS.eval.judge,
    }.items()
    if asked
}
HUB_MODELS = {stage: model for stage, model in ASKED.items() if hub.is_hub_id(model)}


def fetched(stage):
    """What says that a stage's model was fetched: an input of its jobs; none for other models."""
    return (
        [ancient(f"results/models/{stage}.json")] if stage in HUB_MODELS else []
    )  # ancient: looking it up again is no reason to ask it again


# How a comparison is given something to compare, where the config names nothing.
COMPARED_EXAMPLES = {
    "sweep": "add --config 'sweep={slow: {learning_rate: 3.0e-4}}'",
    "data": "add --config 'ablation.sets=[symbolic, proved]'",
}


def compared(wildcards):
    """The trainings that a table compares; refuses one of nothing when the DAG is made."""
    found = runs.names(SETTINGS, wildcards.kind)
    if not found:
        error = UserError(
            f"results/curve/{wildcards.kind}.json",
            "the config names no training for it",
            COMPARED_EXAMPLES[wildcards.kind],
        )
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    return found


CHECKER = ("kernel", "language", "proof", "limits.py", "records.py", "artifacts.py")


# Before anything is submitted, and in a dry run: prompts that leave no room for an answer are
# refused. Jobs, which read this file again, were let through then.
if workflow.is_main_process and (SETTINGS.data_gen.teacher or SETTINGS.verify.verifier):
    from olympiad_ineq import (
        prompt_fit,
    )  # it reads the exemplars: only where it is needed

    try:
        prompt_fit.check(SETTINGS)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


# GPUs by rule, as the profile asks the cluster for them; none without such a profile.
GRANTED = planner_command.granted(workflow.resource_settings.overwrite_resources or {})


onstart:
    try:
        if set(workflow.dag_settings.targets) != {
            "plan"
        }:  # which is made in any folder
            planner_command.before_submitting(
                SETTINGS,
                GRANTED,
                Path("results"),
                planner_command.time_limits(
                    workflow.resource_settings.overwrite_resources or {}
                ),
            )
            if ASKED:
                from olympiad_ineq import exemplars

                # the kernel checks what models will read
                exemplars.good()
                exemplars.bad()
            run_folder.claim(Path("results"), SETTINGS)
            if workflow.executor_plugin.name == "slurm":
                cluster.end_orphans(Path("."))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
