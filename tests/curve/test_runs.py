"""Names of runs, the parts they learn from, and what their scores recommend."""

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.curve import runs
from olympiad_ineq.curve.parts import choose
from olympiad_ineq.curve.plot import draw
from olympiad_ineq.curve.recommend import Scored, data_hours, read, recommend, table
from olympiad_ineq.curve.runs import Part
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Example, Problem, Proof, Source
from olympiad_ineq.settings import Curve, Settings, load
from tests.test_settings import default


def settings(**changes: Any) -> Settings:
    return load({**default(), **changes})


def example(number: int, family: str, technique: str = "sos", **changes: Any) -> Example:
    problem = Problem(
        text="", variables=("a",), domain="real", goal="a^2 >= 0", technique="sos", difficulty=1
    )
    values: dict[str, Any] = {
        "id": str(number), "prompt": "", "completion": "", "grade": "proved",
        "technique": technique, "difficulty": 1, "family": family, "canonical_key": str(number),
        "problem": problem, "proof": Proof(text=""), "evidence": {},
        "source": Source(kind="symbolic", name="x", family=family), **changes,
    }  # fmt: skip
    return Example(**values)


ROWS = [
    example(number, f"{technique}{number // 4}", technique)
    for technique in ("sos", "amgm")
    for number in (range(100) if technique == "sos" else range(100, 300))
]


def test_names_and_what_they_mean() -> None:
    found = settings(
        curve={"shares": [0.125, 1], "seeds": [7, 8]},
        sweep={"slow": {"learning_rate": 1e-5}},
        ablation={"sets": ["proved"], "rows": 10},
    )
    assert runs.names(found, "curve") == [
        "curve_125_s7", "curve_125_s8", "curve_1000_s7", "curve_1000_s8",
    ]  # fmt: skip
    assert runs.part(found, "curve_125_s8") == Part(seed=8, share=0.125)
    assert (runs.seed(found, "curve_125_s8"), runs.seed(found, "final")) == (8, found.seed)
    assert runs.training(found, "sweep_slow").learning_rate == 1e-5
    assert runs.training(found, "sweep_slow").epochs == found.train.epochs
    assert runs.training(found, "final") == runs.training(found, "curve_125_s8") == found.train
    assert runs.part(found, "data_proved") == Part(found.seed, rows="proved", most=10)
    assert runs.part(found, "final") is runs.part(found, "sweep_slow") is None
    assert runs.pattern(found) == r"final|curve_\d+_s\d+|sweep_slow|data_proved"


def test_a_variation_that_is_no_training_is_refused() -> None:
    with pytest.raises(UserError, match="sweep.odd: .*batch_size 4 is no multiple"):
        settings(sweep={"odd": {"micro_batch_size": 3}})


def test_parts_are_nested_whole_families_and_an_even_mix() -> None:
    before: set[str] = set()
    for share in (0.125, 0.25, 0.5, 1.0):
        chosen = choose(ROWS, Part(seed=3, share=share))
        ids = {row.id for row in chosen}
        assert before <= ids
        before = ids
        families = {row.family for row in chosen}
        assert {row.id for row in ROWS if row.family in families} == ids
        for technique, count in (("sos", 100), ("amgm", 200)):
            taken = sum(row.technique == technique for row in chosen)
            assert share * count <= taken < share * count + 4
    assert before == {row.id for row in ROWS}
    assert choose(ROWS, Part(3, 0.25)) != choose(ROWS, Part(4, 0.25))


def test_sets_of_rows() -> None:
    model = Source(kind="model", name="teacher", family="m")
    mixed = [
        example(1, "a"), example(2, "b", source=model), example(3, "c", grade="open", source=model),
        example(4, "d", grade="supported"),
    ]  # fmt: skip

    def ids(kind: Any, most: int | None = None) -> str:
        return "".join(row.id for row in choose(mixed, Part(1, rows=kind, most=most)))

    assert [ids(kind) for kind in ("symbolic", "model", "proved", "proved_verified")] == [
        "14", "23", "12", "123",
    ]  # fmt: skip
    assert len(ids("proved_verified", most=2)) == 2
    with pytest.raises(UserError, match="none of the 1 training examples is of that kind"):
        choose(mixed[:1], Part(1, rows="model"))


def scored(rates: dict[int, float], n: int = 300, seeds: int = 3) -> list[Scored]:
    return [
        Scored(f"curve_{size}_s{seed}", size, 160 * size, 0.5, round(rate * n), n, size / 500, True)
        for size, rate in rates.items()
        for seed in range(seeds)
    ]


def test_a_rising_curve_says_scale_up_and_what_it_costs() -> None:
    found, _ = recommend(
        scored({125: 0.05, 250: 0.12, 500: 0.24, 1000: 0.4}), Curve(), 0.95, data_hours=7
    )
    assert found["decision"] == "scale up"
    low, high = found["doubled"]["interval"]
    assert 0 < low < found["doubled"]["gain"] < high
    assert found["doubled"]["examples"] == 2000
    assert found["cost"] | {"of": ""} == {
        "unit": "GPU-hours", "training": 4.0, "data": 7, "of": "",
    }  # fmt: skip
    assert len(found["points"]) == 12


def test_a_flat_curve_says_stop() -> None:
    found, _ = recommend(scored({125: 0.3, 250: 0.31, 500: 0.3, 1000: 0.3}), Curve(), 0.95)
    assert found["decision"] == "stop"
    assert "less than curve.worth" in found["reason"]
    assert found["doubled"]["interval"][0] < 0.001


def test_few_runs_cannot_promise() -> None:
    few = scored({500: 0.2, 1000: 0.26}, n=40, seeds=1)
    found, _ = recommend(few, Curve(), 0.95)
    assert found["decision"] == "stop"
    assert "more seeds would tell" in found["reason"]


def test_what_a_training_leaves_is_read(tmp_path: Path) -> None:
    scores, manifest = tmp_path / "a.json", tmp_path / "model.manifest.json"
    scores.write_text(json.dumps({"run": "curve_1000_s1", "n": 9, "proved": {"count": 4}}))
    made = {
        "examples": {"used": 90}, "tokens": 800, "loss": {"last": 0.5}, "wall_seconds": 1800,
        "hardware": {"gpus": ["H200"]},
    }  # fmt: skip
    manifest.write_text(json.dumps(made))
    run = read(scores, manifest)
    assert run == Scored("curve_1000_s1", 90, 800, 0.5, 4, 9, 0.5, True)
    assert table([run], 0.95)[0]["rate"] == 0.4444
    assert data_hours([manifest, tmp_path / "none"], 4) == 2.0
    with pytest.raises(UserError, match="no such file"):
        read(scores, tmp_path / "none")


def test_the_picture(tmp_path: Path) -> None:
    points = scored({125: 0.05, 250: 0.12, 500: 0.24})
    _, curve = recommend(points, Curve(), 0.95)
    for name in ("one.svg", "two.svg"):
        draw(points, curve, 0.95, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "</svg>" in (tmp_path / "one.svg").read_text()
