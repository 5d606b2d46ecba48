"""The result in a few lines: a table for the terminal, and one in Markdown for a pull request.

`python -m olympiad_ineq.report.headline BASELINE.json FINAL.json [PAGE]` prints the table.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError, run_main
from olympiad_ineq.records import TECHNIQUES, Json
from olympiad_ineq.report import words


def headline(baseline: Json, final: Json) -> str:
    """Baseline against final with intervals, as a table for the terminal."""
    level = words.percent(final["confidence"], 0)
    rows = [("", "proved", "rate", f"{level} % interval", "cut off", "prompt")]
    for result in (baseline, final):
        proved = result["proved"]
        rows.append(
            (
                result["run"],
                f"{proved['count']} of {result['n']}",
                f"{words.percent(proved['rate'])} %",
                f"{words.interval(proved['interval'])} %",
                str(result["truncated"]["count"]),
                words.shots(result),
            )
        )
    lines = _aligned(rows)
    paired = final.get("paired")
    if paired and paired["difference"] is not None:
        difference = words.signed(paired["difference"])
        ends = words.signed_interval(paired["interval"])
        lines += [
            "",
            f"difference  {difference} points ({level} % interval {ends}), same problems: "
            f"{paired['gained']} gained, {paired['lost']} lost",
            *_by_family(baseline, final, paired),
            f"            {words.p_value(paired['p'])} (exact McNemar)",
        ]
    if "judged" in final:
        lines += ["", f"judge       {words.judged(final)}"]
    return "\n".join(lines)


def _by_family(baseline: Json, final: Json, paired: Json) -> list[str]:
    """The same intervals with relatives counted as clusters, where there are relatives."""
    count = final["proved"]["families"]
    if count == final["n"]:
        return []
    one, two = (words.interval(r["proved"]["interval_by_family"]) for r in (baseline, final))
    return [
        f"            by family ({count}): {baseline['run']} {one} %, {final['run']} {two} %, "
        f"difference {words.signed_interval(paired['interval_by_family'])}",
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [
        "  ".join(
            cell.ljust(width) if i in (0, len(widths) - 1) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], rule, *lines[1:]]


def summary(baseline: Json, final: Json, title: str) -> str:
    """The result in Markdown, for a pull request."""
    level = words.percent(final["confidence"], 0)
    lines = [
        f"### {title}",
        "",
        f"**{words.answer(final)}** {words.finding(baseline, final)}",
        "",
        f"| proved by the checker | n | base model | tuned model | {level} % intervals |",
        "|:--|--:|--:|--:|:--|",
        _summary_row("**all**", baseline["n"], baseline["proved"], final["proved"]),
    ]
    for group, names in (
        ("by_technique", {t: words.TECHNIQUE_NAMES[t] for t in TECHNIQUES}),
        ("by_difficulty", {d: f"difficulty {d}" for d in "1234"}),
    ):
        lines += [
            _summary_row(name, final[group][key]["n"], baseline[group][key], final[group][key])
            for key, name in names.items()
            if key in final[group] and key in baseline[group]
        ]
    lines += [
        "",
        "| outcome | base model | tuned model |",
        "|:--|--:|--:|",
        *(
            f"| {said} | {baseline['grades'][name]} | {final['grades'][name]} |"
            for name, said in words.OUTCOME_NAMES.items()
        ),
        "",
    ]
    paired = final.get("paired")
    if paired:
        lines += [
            f"Paired on the same problems: {paired['gained']} gained, {paired['lost']} lost, "
            f"{paired['both']} proved by both, {paired['neither']} by neither; exact McNemar "
            f"{words.p_value(paired['p'])}. With relatives counted as clusters "
            f"({final['proved']['families']} families): "
            f"{words.interval(final['proved']['interval_by_family'])} % of the tuned model's, "
            f"difference {words.signed_interval(paired['interval_by_family'])}.",
        ]
    lines += [
        f"Base model: {words.model_name(baseline)}, shown {words.shots(baseline)}. "
        f"Tuned model: {words.model_name(final)}, shown {words.shots(final)}. " + _judge(final),
    ]
    return "\n".join(lines) + "\n"


def _judge(final: Json) -> str:
    if "judged" not in final:
        return "The judge is the exact checker; no model's opinion counts."
    return f"Proved is the exact checker's word; the judging model {words.judged(final)}."


def _summary_row(name: str, n: int, first: Json, second: Json) -> str:
    return (
        f"| {name} | {n} | {words.percent(first['rate'])} % | {words.percent(second['rate'])} % "
        f"| {words.interval(first['interval'])}; {words.interval(second['interval'])} |"
    )


def read_result(path: Path) -> Json:
    """Read results/eval/<run>.json.

    Raises:
        UserError: there is no such file, or it is not a result.
    """
    fix = f"delete it and run `snakemake {path}` again"
    result: Json = artifacts.read_json(path, fix)
    needed = {"run", "n", "confidence", "proved", "truncated", "grades"}
    if not isinstance(result, dict) or needed - result.keys():
        raise UserError(str(path), "it is not a result of the score stage", fix)
    return result


def main() -> None:
    """Print the table, and where the page is."""
    parser = argparse.ArgumentParser(description="baseline against final, with intervals")
    parser.add_argument("baseline", type=Path)
    parser.add_argument("final", type=Path)
    parser.add_argument("page", type=Path, nargs="?")
    arguments = parser.parse_args()
    print(headline(read_result(arguments.baseline), read_result(arguments.final)))
    if arguments.page:
        print(f"\nreport      {arguments.page.resolve()}")


if __name__ == "__main__":
    run_main(main)
