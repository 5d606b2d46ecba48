"""Coverage-guided attack on the readers of text: `python -m tests.fuzz.parser -max_total_time=60`.

Options are libFuzzer's. Anything but a verdict (`Unreadable`, `BadLine`) is a crash.
"""

import sys

import atheris  # type: ignore[import-untyped, unused-ignore]

with atheris.instrument_imports(include=["olympiad_ineq.kernel", "olympiad_ineq.language"]):
    from olympiad_ineq.language import read_problem, read_proof
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


if __name__ == "__main__":
    atheris.Setup(sys.argv, attack)
    atheris.Fuzz()
