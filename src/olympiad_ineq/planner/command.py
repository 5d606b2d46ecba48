"""`olympiad-ineq plan`, and what the Snakefile asks before it submits anything."""

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from olympiad_ineq import config_files
from olympiad_ineq.errors import UserError, no_setting
from olympiad_ineq.planner.hardware import is_known
from olympiad_ineq.planner.plan import REFUSED, VERDICTS, Granted, make_plan, text
from olympiad_ineq.planner.stages import rule_of
from olympiad_ineq.settings import Model, Settings, expand_dotted, load

EMBEDDED = Path(__file__).resolve().parents[3] / "config" / "config.yaml"


def run(
    configfiles: Sequence[Path], changes: Sequence[str], *, as_json: bool, option: str = "--set"
) -> int:
    """Print the plan of these settings; 0 where all fits, 3 where something cannot."""
    found = make_plan(read_settings(configfiles, changes, option))
    print(json.dumps(found.as_json(), indent=2) if as_json else text(found))
    return 0 if found.fits else REFUSED


def read_settings(
    configfiles: Sequence[Path], changes: Sequence[str], option: str = "--set"
) -> Settings:
    """The embedded default, the files layered over it in order, then `key=value` changes.

    Args:
        option: what the command line calls a change.

    Raises:
        UserError: a file or a change cannot be read, or the settings break a rule.
    """
    merged: dict[str, Any] = {}
    for path in (EMBEDDED, *configfiles):
        _layer(merged, _mapping(path))
    for change in changes:
        key, separator, value = change.partition("=")
        if not separator or not key:
            raise no_setting(option, change)
        try:
            found = yaml.safe_load(value)
        except (ValueError, yaml.YAMLError) as error:  # a ValueError: 2024-99-99, which is no date
            rule, fix = "its value is not YAML", "close its brackets and quotes"
            raise UserError(f"{option} {change}", rule, fix) from error
        _layer(merged, expand_dotted({key: found}))
    return load(merged)


def _mapping(path: Path) -> dict[str, Any]:
    config_files.check(path)
    return expand_dotted(yaml.safe_load(path.read_text(encoding="utf-8")))


def _layer(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _layer(into[key], value)
        else:
            into[key] = value


def granted(resources: Mapping[str, Mapping[str, Any]]) -> Granted:
    """GPUs by rule, from what Snakemake read of a profile's `set-resources`.

    A number that is an expression of the attempt is left to the cluster.
    """
    return {
        rule: (_text(values.get("gpu_model")) or None, int(str(_text(values["gpu"]))))
        for rule, values in resources.items()
        if str(_text(values.get("gpu"))).isdigit()
    }


def _has_key(where: str, model: Model) -> None:
    """Say it now if a vendor's model will be asked without a key; what is made stays made."""
    vendor = model.engine == "openai" and model.base_url is None
    if vendor and "OPENAI_API_KEY" not in os.environ:
        print(
            f"warning: {where}: OPENAI_API_KEY is not set, so its jobs will fail; fix: export it",
            file=sys.stderr,
        )


def _text(resource: Any) -> str | None:
    raw = getattr(resource, "raw", None)
    return None if raw is None else str(raw).strip("\"'")


def time_limits(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Minutes of a first attempt by rule, from a profile's `set-resources`."""
    found = {
        rule: re.fullmatch(r"(\d+)( *\* *attempt)?", _text(values.get("runtime")) or "")
        for rule, values in resources.items()
    }
    return {rule: int(match[1]) for rule, match in found.items() if match}


def warn_of_unknown(settings: Settings, grants: Granted) -> None:
    """Say which GPUs of a profile the hardware table lacks, and what they are planned as."""
    for name in sorted({name for name, count in grants.values() if name and count}):
        if settings.plan.gpu and not is_known(name):
            counted = f"planned as plan.gpu={settings.plan.gpu}"
            print(f"warning: the hardware table has no GPU {name!r}: {counted}", file=sys.stderr)


def before_submitting(
    settings: Settings,
    grants: Granted,
    results: Path,
    limits: Mapping[str, int] | None = None,
) -> None:
    """Refuse a run in which something cannot fit, with the arithmetic, unless it is forced.

    A stage planned for longer than its job may take is said; it goes on in its next attempt.

    Args:
        limits: minutes that a job may take, by rule.

    Raises:
        UserError: the first stage that cannot run.
    """
    for where, asked in (
        ("data_gen.teacher", settings.data_gen.teacher),
        ("verify.verifier", settings.verify.verifier),
        ("eval.judge", settings.eval.judge),
    ):
        if asked:
            _has_key(where, asked.model)
    named = settings.plan.gpu or any(model for model, _ in grants.values())
    if not (named and any(count for _, count in grants.values())):
        return  # no GPU is named: nothing to hold the plan against
    warn_of_unknown(settings, grants)
    try:
        found = make_plan(settings, grants, results)
    except UserError as error:
        if not settings.plan.force:
            raise
        print(f"warning: {error}; submitted all the same (plan.force)", file=sys.stderr)
        return
    for stage in found.stages:
        minutes = (limits or {}).get(rule_of(stage.name))
        each = stage.hours / stage.jobs
        if minutes is not None and each * 60 > minutes:
            print(
                f"warning: a job of {stage.name} is planned for {each:.1f} hours and may take "
                f"{minutes / 60:.1f}: raise its runtime in the profile, or it needs its retries",
                file=sys.stderr,
            )
    for stage in found.refused:
        words = VERDICTS[stage.verdict]
        line = f"{stage.name} ({stage.model}) {words}: {stage.reason}"
        if not settings.plan.force:
            raise UserError(line, "nothing was submitted", f"{stage.advice}; or plan.force=true")
        print(f"warning: {line}; submitted all the same (plan.force)", file=sys.stderr)
    for group in found.by_name:  # perhaps nobody asks for these now
        for stage in group.refused:
            line = f"{stage.name} ({stage.model}) could not run: {stage.reason}"
            print(f"warning: {line} ({group.command}; {stage.advice})", file=sys.stderr)
