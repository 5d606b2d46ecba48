"""The result as a LaTeX table, for a paper: booktabs, every rate with n and interval."""

from collections.abc import Iterator

from olympiad_ineq.records import TECHNIQUES, Json
from olympiad_ineq.report import words


def table(baseline: Json, final: Json, controls: Json | None = None) -> str:
    """A `table` environment; needs the booktabs package."""
    level = words.percent(final["confidence"], 0)
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_caption(final, level)}}}",
        r"\begin{tabular}{lrrlrl}",
        r"\toprule",
        r"& & \multicolumn{2}{c}{base model} & \multicolumn{2}{c}{tuned model} \\",
        rf"problems & $n$ & \% & {level}\,\% interval & \% & {level}\,\% interval \\",
        r"\midrule",
        *_rows(baseline, final),
    ]
    if controls is not None:
        lines += [r"\midrule", *_crossed(controls)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def _caption(final: Json, level: str) -> str:
    text = f"Proofs accepted by the exact checker, with {level}\\,\\% Wilson intervals."
    paired = final.get("paired")
    if paired and paired["difference"] is not None:
        low, high = (f"{100 * end:+.1f}" for end in paired["interval"])
        text += (
            f" Difference on the same problems: ${100 * paired['difference']:+.1f}$ points "
            f"(${low}$ to ${high}$), exact McNemar ${words.p_value(paired['p'])}$."
        )
    if "corrected" in final:
        text += f" {_escaped(words.judged(final).capitalize())}."
    return text


def _rows(baseline: Json, final: Json) -> Iterator[str]:
    yield _row("all", final["n"], baseline["proved"], final["proved"])
    for name in TECHNIQUES:
        if name in final["by_technique"] and name in baseline["by_technique"]:
            first, second = baseline["by_technique"][name], final["by_technique"][name]
            yield _row(words.TECHNIQUE_NAMES[name], second["n"], first, second)
    for name, second in final["by_difficulty"].items():
        if name in baseline["by_difficulty"]:
            first = baseline["by_difficulty"][name]
            yield _row(f"difficulty {name}", second["n"], first, second)


def _crossed(controls: Json) -> Iterator[str]:
    cells = controls["cells"]
    for name, runs in (
        ("problem alone", ("base_zero_shot", "final")),
        ("worked examples", ("baseline", "tuned_few_shot")),
    ):
        yield _row(name, controls["n"], cells[runs[0]], cells[runs[1]])


def _row(name: str, n: int, first: Json, second: Json) -> str:
    cells = [name, str(n)]
    for cell in (first, second):
        cells += [words.percent(cell["rate"]), words.interval(cell["interval"])]
    return " & ".join(cells) + r" \\"


_SPECIAL = {"%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#", "$": r"\$", "~": r"\textasciitilde{}"}


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)
