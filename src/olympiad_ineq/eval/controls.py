"""The 2 x 2 of weights and prompting: what training did, and what worked examples did."""

from collections.abc import Mapping, Sequence

from olympiad_ineq.eval.score import compare, is_proved, require_same_ids
from olympiad_ineq.eval.statistics import clustered_mean, holm
from olympiad_ineq.records import Json, Judgement

# name: (before, after), which differ in one thing alone
CONTRASTS = {
    "training, few-shot": ("baseline", "tuned_few_shot"),
    "training, zero-shot": ("base_zero_shot", "final"),
    "examples, base model": ("base_zero_shot", "baseline"),
    "examples, tuned model": ("final", "tuned_few_shot"),
    "both (the headline)": ("baseline", "final"),
}


def crossed(
    results: Mapping[str, Json],
    judgements: Mapping[str, Sequence[Judgement]],
    confidence: float,
) -> Json:
    """The four cells, each contrast on the same problems with Holm's p, and the interaction.

    The interaction is how much more training helps zero-shot than few-shot.
    """
    proved = {
        run: {j.id: is_proved(j) for j in rows if j.sample == 0} for run, rows in judgements.items()
    }
    first = proved["baseline"]
    for run, found in proved.items():
        require_same_ids("problems of baseline", list(first), f"judgements of {run}", list(found))
    contrasts: dict[str, Json] = {
        name: {
            "before": before,
            "after": after,
            **compare([(proved[before][key], proved[after][key]) for key in first], confidence),
        }
        for name, (before, after) in CONTRASTS.items()
    }
    adjusted = holm([found["p"] for found in contrasts.values()])
    for contrast, p in zip(contrasts.values(), adjusted, strict=True):
        contrast["p_holm"] = p
    extra = [
        (proved["final"][key] - proved["base_zero_shot"][key])
        - (proved["tuned_few_shot"][key] - first[key])
        for key in first
    ]
    ends = clustered_mean([(float(value), 1) for value in extra], confidence)
    return {
        "n": len(first),
        "confidence": confidence,
        "multiple_comparisons": "holm",
        "cells": {
            run: {
                "weights": "base" if run.startswith("base") else "tuned",
                "prompting": results[run]["prompting"],
                **results[run]["proved"],
            }
            for run in results
        },
        "contrasts": contrasts,
        "interaction": {
            "difference": sum(extra) / len(extra) if extra else None,
            "interval": list(ends),
        },
    }
