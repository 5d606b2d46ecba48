"""How numbers and names are said, the same on the page, in the summary and in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from olympiad_ineq.records import Json
from olympiad_ineq.report.costs import Cost

TECHNIQUE_NAMES = {
    "amgm": "AM-GM",
    "weighted_amgm": "Weighted AM-GM",
    "cauchy": "Cauchy-Schwarz",
    "sos": "Sum of squares",
}
RUN_NAMES = {"baseline": "Base model", "final": "Tuned model"}
OUTCOME_MEANINGS = {
    "proved": "The checker accepts every step and the goal. Only this counts.",
    "supported": "Every displayed relation is certified, but a stated reason was not matched.",
    "open": "Nothing is wrong, but something was left without a certificate.",
    "refuted": "A step or the goal fails: there is an exact counterexample or a broken step.",
    "unreadable": "The answer cannot be read as a proof.",
    "limit": "Checking it ran out of time or memory.",
    "truncated": "The answer was cut off before its end, so it was not checked.",
}
ERROR_NAMES = {
    "constant": "a changed constant",
    "direction": "a turned inequality",
    "weight": "changed weights",
    "positivity": "a positivity that is missing",
    "circular": "a circle",
    "gap": "a missing step",
    "wrong_lemma": "a wrong lemma",
    "wrong_equality": "a wrong equality case",
    "empty": "answers that say nothing",
    "attack": "answers that ask to be believed",
}
AGREEMENTS = {
    "accepts": "accepts, checker does not",
    "rejects": "rejects what is proved",
    "agree": "agrees with the checker",
    "unscored": "unscored",
}
OPINIONS = {"accepted": "accepts", "rejected": "rejects", "unscored": "unscored"}
OUTCOME_NAMES = {name: name for name in OUTCOME_MEANINGS} | {"truncated": "cut off"}


def percent(rate: float | None, digits: int = 1) -> str:
    """A rate as a percentage without its sign: 0.41 is "41.0"; None, nothing counted, is "–"."""
    return "–" if rate is None else f"{100 * rate:.{digits}f}".replace("-0.0", "0.0")


def interval(ends: Sequence[float], digits: int = 1) -> str:
    """An interval of rates in percent, without the sign: "34.4 to 47.9"."""
    return f"{percent(ends[0], digits)} to {percent(ends[1], digits)}"


def signed(rate: float | None) -> str:
    """A difference of rates in percentage points, with its sign."""
    return "–" if rate is None else f"{100 * rate:+.1f}".replace("-", "−")


def signed_interval(ends: Sequence[float]) -> str:
    """An interval of differences, in percentage points."""
    return f"{signed(ends[0])} to {signed(ends[1])}"


def p_value(p: float) -> str:
    """A p-value in two digits, or that it is below 0.0001."""
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.2g}" if p < 0.995 else "p = 1"


def answer(final: Json) -> str:
    """What the paired comparison allows us to answer to "did it learn?", in one word or two."""
    paired = final.get("paired")
    if not paired or paired["difference"] is None:
        return "Not measured."
    if paired["interval"][0] > 0:
        return "Yes."
    if paired["interval"][1] < 0:
        return "No, it got worse."
    return "Not shown."


def finding(baseline: Json, final: Json) -> str:
    """The result in two sentences."""
    first, second = baseline["proved"], final["proved"]
    text = (
        f"After training, the model proves {second['count']:,} of {final['n']:,} unseen problems "
        f"({percent(second['rate'])}\N{NO-BREAK SPACE}%); before, it proved {first['count']:,} "
        f"({percent(first['rate'])}\N{NO-BREAK SPACE}%)."
    )
    paired = final.get("paired")
    if paired and paired["difference"] is not None:
        level, ends = percent(final["confidence"], 0), signed_interval(paired["interval"])
        text += (
            f" On the same problems that is a change of {signed(paired['difference'])} points "
            f"({level}\N{NO-BREAK SPACE}% interval {ends})."
        )
    return text


def judged(result: Json) -> str:
    """What the judging model said, corrected where it may be believed, in one sentence."""
    found, fixed = result["judged"], result.get("corrected")
    text = f"accepts {found['count']} of {found['n']} ({percent(found['rate'])} %)"
    if fixed and fixed["rate"] is not None:
        text += (
            f", {percent(fixed['rate'])} % with its measured errors taken out "
            f"({interval(fixed['interval'])} %)"
        )
    return f"{text}; {result['headline']['because']}"


def errors(cell: Json) -> str:
    """Errors of a grader: "3 of 38 (1.7 to 21.4 %)"."""
    text = f"{cell['count']} of {cell['n']} ({interval(cell['interval'])} %)"
    return f"{text}, {cell['unscored']} unscored" if cell["unscored"] else text


def listed(verdicts: Mapping[str, str], wanted: str) -> str:
    """The names with a verdict: "none of 63", or the names."""
    names = [name for name, verdict in verdicts.items() if verdict == wanted]
    return ", ".join(names) if names else f"none of {len(verdicts)}"


def resolution(final: Json) -> str:
    """What this many problems can tell, and what families and groups say."""
    paired = final["paired"]
    text = (
        f"This test set can tell differences of {percent(paired['detectable']['difference'])} "
        f"points (power {percent(paired['detectable']['power'], 0)}\N{NO-BREAK SPACE}%). With "
        f"relatives counted as clusters ({final['proved']['families']} families) the tuned model's "
        f"interval is {interval(final['proved']['interval_by_family'])} %, the difference's "
        f"{signed_interval(paired['interval_by_family'])}."
    )
    clear = [
        TECHNIQUE_NAMES.get(name, name)
        for name, group in paired["groups"].items()
        if group["p_holm"] < 1 - final["confidence"]
    ]
    if clear:
        return f"{text} Clear after Holm's adjustment: {', '.join(clear)}."
    return f"{text} No single group is clear after Holm's adjustment."


def cost(found: Cost) -> str:
    """What one stage took: "0.4 GPU-hours, 1,200,000 tokens, $3.10"."""
    parts = [
        f"{found.seconds * found.gpus / 3600:.2f} GPU-hours"
        if found.gpus
        else f"{duration(found.seconds)} without a GPU"
    ]
    parts += [f"{found.tokens:,} tokens"] if found.tokens else []
    parts += [f"${found.dollars:,.2f}"] if found.dollars is not None else []
    return ", ".join(parts)


def total_cost(costs: Sequence[Cost]) -> str:
    """All listed stages together."""
    gpu = sum(c.seconds * c.gpus for c in costs)
    other = sum(c.seconds for c in costs if not c.gpus)
    dollars = sum(c.dollars or 0.0 for c in costs)
    return (
        f"{gpu / 3600:.2f} GPU-hours, {duration(other)} without a GPU, ${dollars:,.2f} to "
        "endpoints that have a price"
    )


def shots(result: Json) -> str:
    """How a run was prompted: "4 worked examples" or "the problem alone"."""
    prompting = result.get("prompting")
    count = prompting.get("shots") if isinstance(prompting, Mapping) else None
    if isinstance(count, int):
        if count == 0:
            return "the problem alone"
        return f"{count} worked example{'s' if count > 1 else ''}"
    return str(prompting) if isinstance(prompting, str) else "not recorded"


def model_name(result: Json) -> str:
    """Which model answered: its name or folder, and the beginning of its digest."""
    model: Any = result.get("model")
    if not isinstance(model, Mapping):
        return str(model) if model else "not recorded"
    name = str(model.get("name") or model.get("path") or "not recorded")
    return f"{name} (sha256 {model['sha256'][:12]})" if model.get("sha256") else name


def duration(seconds: float | None) -> str:
    """A wall time: "71 s", "17 min", "3.4 h"."""
    if seconds is None:
        return "not recorded"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def training(manifest: Json) -> str:
    """How the model was trained, from its manifest: what is recorded there."""
    settings = manifest.get("settings") or {}
    said = [
        f"{name} {settings[key]:g}"
        for key, name in (
            ("epochs", "epochs"),
            ("batch_size", "batch"),
            ("learning_rate", "learning rate"),
        )
        if isinstance(settings.get(key), int | float)
    ]
    machine = " on ".join(str(manifest[k]) for k in ("precision", "device") if manifest.get(k))
    speed = manifest.get("tokens_per_second")
    said += [machine] if machine else []
    said += [duration(manifest["seconds"])] if manifest.get("seconds") else []
    said += [f"{speed:,.0f} tokens/s"] if isinstance(speed, int | float) else []
    return ", ".join(said)
