"""The split: exact sizes, families whole, every cell served, leaks fail."""

import json
from collections import Counter
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import write_parquet
from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.data_card import card
from olympiad_ineq.errors import UserError
from olympiad_ineq.held_out import HeldOut
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.likeness import jaccard, shingles
from olympiad_ineq.records import (
    TECHNIQUES,
    Assignment,
    Candidate,
    Domain,
    Example,
    Grade,
    Json,
    Problem,
    Proof,
    Source,
    Verdict,
)
from olympiad_ineq.settings import Split
from olympiad_ineq.split import Side, admit, assign, check_leaks, examples, joined

PROVED = Split(train=1, test=1)


def rows(families: int = 120, members: int = 5) -> list[Assignment]:
    return [
        Assignment(
            id=f"{family:04d}-{member}",
            side="train",
            canonical_key=f"key-{family}-{member}",
            family=f"family-{family}",
            technique=TECHNIQUES[family % 4],
            difficulty=1 + family // 4 % 2,
        )
        for family in range(families)
        for member in range(members)
    ]


def candidate(number: int, grade: Grade = "proved") -> tuple[Candidate, Verdict]:
    problem = Problem(
        text=f"Prove number {number}.",
        variables=("a",),
        domain="positive",
        goal=f"a + {number} >= 0",
        technique="amgm",
        difficulty=1,
    )
    source = Source(kind="symbolic", name="test", family=f"f{number % 7}")
    made = Candidate.make(problem, Proof(text="(1) clear"), source)
    verdict = Verdict(
        id=made.id, grade=grade, reason="", canonical_key=f"k{number}", family=source.family
    )
    return made, verdict


def test_sizes_are_exact_and_families_whole() -> None:
    split = assign(rows(), Split(train=300, test=100), seed=1)
    assert Counter(row.side for row in split) == {"train": 300, "test": 100}
    sides = {row.family: row.side for row in split}
    assert all(sides[row.family] == row.side for row in split)
    check_leaks(split)


def test_both_sides_serve_every_technique_and_difficulty_evenly() -> None:
    split = assign(rows(), Split(train=320, test=80), seed=1)
    for side, share in (("train", 40), ("test", 10)):
        cells = Counter((r.technique, r.difficulty) for r in split if r.side == side)
        assert len(cells) == 8
        assert max(cells.values()) - min(cells.values()) <= 0.2 * share


def test_the_split_depends_on_the_seed_and_on_nothing_else() -> None:
    settings = Split(train=300, test=100)
    again = assign(list(reversed(rows()))[::-1], settings, seed=1)
    assert assign(rows(), settings, seed=1) == again
    assert assign(rows(), settings, seed=2) != again


def test_too_large_a_test_set_is_refused_with_the_numbers() -> None:
    with pytest.raises(UserError, match=r"split.train \+ split.test = 700.*only 600") as caught:
        assign(rows(), Split(train=100, test=600), seed=1)
    assert "raise data_gen.symbolic" in str(caught.value)
    few = rows(families=4, members=100)
    with pytest.raises(UserError, match=r"split.test = 300.*4 families"):
        assign(few, Split(train=100, test=300), seed=1)


def test_one_row_a_problem_and_only_admitted_grades() -> None:
    pairs = [candidate(n) for n in range(10)] + [candidate(10, "open"), candidate(11, "refuted")]
    twin, verdict = candidate(99)
    pairs.append((twin, verdict.model_copy(update={"canonical_key": "k3"})))
    found = admit([c for c, _ in pairs], [v for _, v in pairs], PROVED)
    kept = found.rows
    assert len(kept) == 10
    assert [row.id for row in kept] == sorted(row.id for row in kept)
    assert Counter(row.kind for row in found.dropped) == {"grade": 2, "repeated": 1}
    assert {row.id for row in kept} | {row.id for row in found.dropped} == {c.id for c, _ in pairs}
    with pytest.raises(UserError, match="do not hold the same candidates"):
        admit([pairs[0][0]], [v for _, v in pairs[1:3]], PROVED)


def test_what_a_verifier_accepted_enters_only_if_it_is_trusted_and_wanted() -> None:
    made, verdict = candidate(10, "open")

    def kept(evidence: Json, settings: Split, grade: Grade = "open") -> int:
        voted = verdict.model_copy(update={"evidence": evidence, "grade": grade})
        return len(admit([made], [voted], settings).rows)

    verified = Split(train=1, test=1, admit_verified=True)
    yes = {"kind": "votes", "outcome": "accepted", "trusted": True}
    assert kept(yes, verified) == 1
    assert kept(yes, PROVED) == 0
    assert kept(yes | {"trusted": False}, verified) == 0
    assert kept({"outcome": "accepted"}, verified) == 0
    assert kept(yes | {"outcome": "rejected"}, verified) == 0
    for grade in ("refuted", "unreadable", "limit"):  # no vote raises what the checker decided
        assert kept(yes, verified, grade) == 0


def test_of_one_problem_the_proved_candidate_stays() -> None:
    grades: tuple[Grade, ...] = ("supported", "proved", "supported")
    pairs = [candidate(n, grade) for n, grade in enumerate(grades)]
    verdicts = [v.model_copy(update={"canonical_key": "same"}) for _, v in pairs]
    both = Split(train=1, test=1, grades=("proved", "supported"))
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        found = admit([pairs[n][0] for n in order], [verdicts[n] for n in order], both)
        assert [row.id for row in found.rows] == [pairs[1][0].id]
        assert {row.id for row in found.dropped} == {pairs[0][0].id, pairs[2][0].id}


def worded(text: str, key: str) -> tuple[Candidate, Verdict]:
    made, verdict = candidate(1)
    problem = made.problem.model_copy(update={"text": text})
    made = Candidate.make(problem, made.proof, made.source)
    return made, verdict.model_copy(update={"id": made.id, "canonical_key": key})


def test_nearly_equal_texts_stand_once_whatever_their_order() -> None:
    pairs = [
        worded("Let $a, b$ be positive reals. Show that $a^4+b^2 \\ge 2a^2b$.", "k1"),
        worded("Prove that for all reals $x, y$, $x^4+y^2 \\geq 2 x^2 y$.", "k2"),
        worded("Let $a, b$ be positive reals. Show that $a^4+b^2 \\ge 7ab$.", "k3"),
    ]
    for ordered in (pairs, pairs[::-1]):
        found = admit([c for c, _ in ordered], [v for _, v in ordered], PROVED)
        assert len(found.rows) == 2
        assert [row.kind for row in found.dropped] == ["near_duplicate"]
        assert found.dropped[0].id == max(pairs[0][0].id, pairs[1][0].id)
    off = Split(train=1, test=1, near_duplicates=None)
    assert len(admit([c for c, _ in pairs], [v for _, v in pairs], off).rows) == 3


HELD_OUT = {
    "a.jsonl": [
        json.dumps({"problem": "Let $x, y, z > 0$. Prove that $x^2+y^2+z^2 \\ge xy+yz+zx$."}),
        json.dumps({"text": "Show that $\\sin a+a^7+b^9 \\le a+b+\\pi^4 b$ for all integers."}),
        json.dumps(
            {"variables": ["a"], "domain": "real", "given": [], "goal": "a^2+9 >= 6*a", "text": ""}
        ),
    ],
    "b.txt": ["Let a, b, c be positive reals such that abc = 1. Prove that a+b+c >= 3."],
}


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("Let $a, b, c > 0$. Prove that $a^2+b^2+c^2 \\ge ab+bc+ca$.", True),  # other names
        ("Let $p, q, r > 0$. Prove that $pq+pr+rq \\le r^2+q^2+p^2$.", True),  # another order
        ("Let $p, q, r > 0$. Prove that $5p^2+5q^2+5r^2-5pq-5qr \\ge 5rp$.", True),  # scaled
        ("Suppose that $u, v, w > 0$ satisfy $uvw = 1$. Show that $u+v+w \\ge 3$.", True),
        ("Let $t$ be a real number. Prove that $18t \\le 27+3t^2$.", True),  # from fields
        ("Verify that $\\sin x + x^7 + y^9 \\leq x + y + \\pi^4 y$.", True),  # unread: its text
        (
            "Let $a, b, c$ be positive reals such that $abc = 1$. Prove that $a^2+b+c \\ge 3$.",
            False,
        ),
        ("Let $a, b, c$ be positive reals such that $a+b+c = 2$. Prove that $abc \\le 1$.", False),
        ("Let $x, y, z > 0$. Prove that $x^3+y^3+z^3 \\ge 3xyz$.", False),
    ],
)
def test_held_out_problems_are_caught_by_key_and_by_text(
    tmp_path: Path, text: str, caught: bool
) -> None:
    for name, lines in HELD_OUT.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    held_out = HeldOut([tmp_path / name for name in HELD_OUT])
    assert held_out.count == 4 and held_out.unreadable == 1
    try:
        read = read_problem(text)
        key = canonical_key(read.variables, read.domain, read.given, read.goal)
    except Unreadable:
        key = "unread"
    made, verdict = worded(text, key)
    found = admit([made], [verdict], PROVED, held_out)
    assert bool(found.dropped) == caught, found
    if caught:
        assert found.dropped[0].kind == "held_out" and "line" in found.dropped[0].reason


def test_held_out_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    texts = ("Prove that $a^8+b^5 \\ge 3ab^7+a-\\pi$.", "Show that $c^2-9c^7+\\pi d \\le d^{11}$.")
    paths = [tmp_path / folder / "p.txt" for folder in ("one", "two")]
    for path, text in zip(paths, texts, strict=True):
        path.parent.mkdir()
        path.write_text(text + "\n")
    held_out = HeldOut(paths)
    found = [held_out.find("no key", text) for text in texts]
    assert found == ["its text is nearly that of p.txt, line 1",
                     "its text is nearly that of p.txt (2), line 1"]  # fmt: skip


def test_the_stock_phrase_alone_is_no_likeness() -> None:
    stock = "Let a, b, c be positive reals such that"
    assert shingles(stock) == shingles("Let $a, b, c > 0$.") == frozenset()
    one, other = (f"{stock} ${goal}$." for goal in ("a+b+c >= 3", "a^5 b^7 >= c^9 - 1"))
    assert jaccard(shingles(one), shingles(other)) < 0.2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("h.jsonl", "{", "line 1: not JSON"),
        ("h.jsonl", "[1]", "neither an object nor a text"),
        ("h.jsonl", '{"answer": 3}', "line 1: no problem"),
        ("h.parquet", "PAR", "not a file of problems"),
    ],
)
def test_a_bad_held_out_file_is_named_by_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=message):
        HeldOut([tmp_path / name])


def test_the_test_side_of_another_run_can_be_held_out(tmp_path: Path) -> None:
    pairs = [worded(f"Prove that $a^{n}+b^{n + 3} >= {n}ab^2$.", f"k{n}") for n in range(2, 12)]
    made, verdict = pairs[0]
    row = Assignment(
        id=made.id, side="test", canonical_key="k2", family="f", technique="amgm", difficulty=1
    )
    write_parquet(tmp_path / "t.parquet", examples("test", [row], [made], [verdict]), Example)
    found = admit(
        [c for c, _ in pairs], [v for _, v in pairs], PROVED, HeldOut([tmp_path / "t.parquet"])
    )
    assert [row.id for row in found.dropped if row.kind == "held_out"] == [made.id]


@pytest.mark.model  # the library that loads it comes with training's
def test_the_card_counts_what_is_there_and_loads_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: dict[str, list[Example]] = {}
    halves: tuple[tuple[Side, range], ...] = (("train", range(6)), ("test", range(6, 8)))
    for side, numbers in halves:
        pairs = [candidate(n) for n in numbers]
        assignment = [
            Assignment(
                id=v.id, side=side, canonical_key=f"k{n}", family=f"{n}", technique="amgm",
                difficulty=1,
            )
            for n, (_, v) in zip(numbers, pairs, strict=True)
        ]  # fmt: skip
        sides[side] = examples(side, assignment, [c for c, _ in pairs], [v for _, v in pairs])
        write_parquet(tmp_path / f"{side}.parquet", sides[side], Example)
    text = card(sides["train"], sides["test"], None)
    assert "6 training and 2 test" in text and "| amgm | 6 | 2 |" in text
    assert "license: mit" in text and "Qwen" not in text
    (tmp_path / "README.md").write_text(text)
    (tmp_path / "assignment.jsonl").write_text('{"other": 1}\n')  # it must not be taken for data

    import datasets

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    loaded = datasets.load_dataset(str(tmp_path), cache_dir=str(tmp_path / "cache"))
    assert {side: len(rows) for side, rows in loaded.items()} == {"train": 6, "test": 2}
    assert loaded["train"][0]["completion"] == "(1) clear"


def test_the_card_says_whose_words_a_row_is() -> None:
    pairs = [candidate(n) for n in range(2)]
    source = Source(kind="model", name="Qwen/Qwen2.5-Math-72B-Instruct", family="f")
    made = [
        Assignment(id=v.id, side="train", canonical_key=f"k{n}", family=f"{n}",
                   technique="amgm", difficulty=1)
        for n, (_, v) in enumerate(pairs)
    ]  # fmt: skip
    own = [pairs[0][0], pairs[1][0].model_copy(update={"source": source})]
    rows = examples("train", made, own, [v for _, v in pairs])
    text = card(rows, [], {"reason": "it rejected 97 % of what is wrong"})
    assert "**Built with Qwen.**" in text and "license: other" in text
    assert "| Qwen/Qwen2.5-Math-72B-Instruct | 1 | 0 |" in text and "rejected 97 %" in text


def test_a_leak_fails_the_stage() -> None:
    split = assign(rows(), Split(train=300, test=100), seed=1)
    test = next(row for row in split if row.side == "test")
    train = next(row for row in split if row.side == "train")
    with pytest.raises(UserError, match="family .* is on both sides"):
        check_leaks(
            [*split, train.model_copy(update={"family": test.family, "canonical_key": "x"})]
        )
    with pytest.raises(UserError, match="stands twice"):
        check_leaks([*split, test])


def test_the_same_text_on_both_sides_fails_the_stage() -> None:
    (a, va), (b, vb) = candidate(1), candidate(2)
    b = b.model_copy(update={"problem": b.problem.model_copy(update={"text": a.problem.text})})
    sides: tuple[Side, Side] = ("train", "test")
    assignment = [
        Assignment(
            id=v.id,
            side=side,
            canonical_key=str(v.canonical_key),
            family=v.family,
            technique="amgm",
            difficulty=1,
        )
        for v, side in zip((va, vb), sides, strict=True)
    ]
    with pytest.raises(UserError, match="text of .* is on both sides"):
        examples("test", assignment, [a, b], [va, vb])


def test_examples_carry_prompt_completion_and_evidence() -> None:
    pairs = [candidate(n) for n in range(40)]
    verdicts = [v for _, v in pairs]
    split = assign(
        admit([c for c, _ in pairs], verdicts, PROVED).rows, Split(train=10, test=5), seed=3
    )
    made = examples("train", split, [c for c, _ in pairs], verdicts)
    assert len(made) == 10
    assert made[0].problem.text in made[0].prompt
    assert made[0].completion == "(1) clear"


def test_one_problem_from_two_templates_is_one_family() -> None:
    """Instances of AM-GM and of Cauchy-Schwarz with one difference of sides, and a multiple."""
    goals: list[tuple[Domain, str]] = [
        ("positive", "x^4+y^4 >= 2*x^2*y^2"),
        ("real", "(x^2+1)*(y^4+x^2) >= (x*y^2+x)^2"),
        ("positive", "x^5+x*y^4 >= 2*x^3*y^2"),
        ("positive", "x^4+y^4 >= x^3*y+x*y^3"),
    ]
    found = []
    for number, (domain, goal) in enumerate(goals):
        problem = Problem(
            text=f"Prove {number}.", variables=("x", "y"), domain=domain, goal=goal,
            technique="amgm", difficulty=1,
        )  # fmt: skip
        source = Source(kind="symbolic", name="test", family=f"f{number}")
        made = Candidate.make(problem, Proof(text="(1) clear"), source)
        verdict = Verdict(
            id=made.id, grade="proved", reason="", canonical_key=f"k{number}", family=f"f{number}"
        )
        found.append((made, verdict))
    rows = admit([c for c, _ in found], [v for _, v in found], PROVED).rows
    family = {row.canonical_key: row.family for row in rows}
    assert family == {"k0": "f0", "k1": "f0", "k2": "f0", "k3": "f3"}


def test_joining_families_is_transitive_and_does_not_depend_on_the_order() -> None:
    made = rows(families=6, members=2)
    links = {"0000-1": "a", "0003-0": "a", "0003-1": "b", "0005-0": "b"}
    keys = {row.id: links.get(row.id, row.id) for row in made}
    for order in (made, made[::-1]):
        found = {row.id: row.family for row in joined(order, keys)}
        assert {found[f"000{n}-{m}"] for n in (0, 3, 5) for m in (0, 1)} == {"family-0"}
        assert found["0001-0"] == found["0001-1"] == "family-1"
