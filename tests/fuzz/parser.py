"""Coverage-guided attack on the readers of text.

    python -m tests.fuzz.parser --seeds FOLDER
    python -m tests.fuzz.parser -max_total_time=180 -seed=1 -max_len=1600 FOLDER

The first line writes public statements and proofs in prose as inputs to begin with; the options of
the second are libFuzzer's. Anything but a verdict (`Unreadable`, `BadLine`) is a crash.
"""

import json
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped, unused-ignore]

with atheris.instrument_imports(include=["olympiad_ineq.kernel", "olympiad_ineq.language"]):
    from olympiad_ineq.language import read_problem, read_proof, render_proof
    from olympiad_ineq.language.parse import Unreadable, parse_chain
    from olympiad_ineq.problem_lines import BadLine, read_line


def attack(data: bytes) -> None:
    """One input: the first byte chooses the reader."""
    source = atheris.FuzzedDataProvider(data)
    reader = source.ConsumeIntInRange(0, 3)
    text = source.ConsumeUnicode(1500)
    try:
        if reader == 0:
            parse_chain(text, ["a", "b", "c"])
        elif reader == 1:
            read_problem(text)
        elif reader == 2:
            read_proof(text, ["a", "b", "c"])
        else:
            read_line(text.encode("utf-8", "surrogatepass"))
    except (Unreadable, BadLine):
        pass


def write_seeds(folder: Path) -> int:
    """Inputs to begin with: numbers are taken off the end, the text off the front."""
    tests = Path(__file__).parents[1]
    statements = (tests / "language" / "public_statements.jsonl").read_text("utf-8").splitlines()
    texts = [(1, json.loads(line)["text"]) for line in statements]
    for case in json.loads((tests / "proof" / "good_proofs.json").read_text("utf-8")):
        names = case["problem"]["variables"]
        texts.append((0, case["problem"]["goal"]))
        texts += [(2, render_proof(case["steps"], way, variables=names)) for way in (0, 3, 5)]
        texts.append((3, json.dumps({"id": case["name"], **case["problem"]})))
    folder.mkdir(parents=True, exist_ok=True)
    for number, (reader, text) in enumerate(texts):
        data = b"\x01" + text.encode("ascii", "replace") + bytes([reader])
        (folder / f"{number:04}").write_bytes(data)
    return len(texts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--seeds"]:
        print(f"{write_seeds(Path(sys.argv[2]))} inputs in {sys.argv[2]}")
        sys.exit()
    atheris.Setup(sys.argv, attack)
    atheris.Fuzz()
