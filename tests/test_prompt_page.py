"""docs/prompts.md says what the code asks."""

from pathlib import Path

from olympiad_ineq.prompt_page import rendered

PAGE = Path(__file__).parent.parent / "docs/prompts.md"


def test_the_page_of_prompts_is_what_the_code_asks() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "make docs"
