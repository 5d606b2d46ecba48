"""The page in a real browser: 200 problems, some hostile, at desktop and phone width."""

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys

from olympiad_ineq.eval.score import is_proved, outcome_of
from olympiad_ineq.report.data import Report, load
from olympiad_ineq.report.page import build
from tests.report.browser import CONTRAST, UNNAMED, Browser, browser
from tests.report.synthetic import HOSTILE, extras, write

TITLE = "Can a small model learn to prove olympiad inequalities? </title><script>alert(2)</script>"


def make(folder: Path, tested: int) -> tuple[Path, Report]:
    report = load(*write(folder, tested, with_judge=True), extras(folder))
    page = folder / "index.html"
    page.write_text(build(report, TITLE), encoding="utf-8")
    return page, report


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    return make(tmp_path_factory.mktemp("report"), 200)


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("desktop"), 1440, 1000) as window:
        yield window


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("phone"), 390, 844, phone=True) as window:
        yield window


@pytest.fixture
def opened(desktop: Browser, made: tuple[Path, Report]) -> Iterator[Browser]:
    desktop.driver.get("about:blank")
    desktop.open(made[0])
    yield desktop
    assert desktop.errors() == []


def test_the_page_asks_nothing_of_the_network(made: tuple[Path, Report], opened: Browser) -> None:
    html = made[0].read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:|//)", html)
    assert "http://" not in html
    assert "https://" not in html
    assert opened.js("return performance.getEntriesByType('resource').length") == 0


def test_no_model_text_stands_in_the_source(made: tuple[Path, Report]) -> None:
    html = made[0].read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "onerror" not in html


def test_the_headline_is_the_results(made: tuple[Path, Report], opened: Browser) -> None:
    text = opened.js("return document.querySelector('.cards').innerText")
    for result in (made[1].baseline, made[1].final):
        proved = result["proved"]
        assert f"{100 * proved['rate']:.1f}" in text
        assert f"{100 * proved['interval'][0]:.1f} to {100 * proved['interval'][1]:.1f}" in text
    assert "exact McNemar p < 0.0001" in " ".join(text.split())


def test_hostile_answers_do_nothing(opened: Browser) -> None:
    opened.press("j")
    opened.press("k")
    for number in range(len(HOSTILE)):
        opened.until(f"document.getElementById('position').textContent === '{number + 1} of 200'")
        bad = opened.js(
            "return [...document.querySelectorAll('#content *')].filter((e) => "
            "['SCRIPT', 'IMG', 'IFRAME', 'STYLE', 'A'].includes(e.tagName.toUpperCase()) || "
            "[...e.attributes].some((a) => a.name.startsWith('on') || a.name === 'style'))"
            ".map((e) => e.outerHTML)"
        )
        assert bad == []
        with pytest.raises(NoAlertPresentException):
            opened.driver.switch_to.alert.dismiss()
        opened.press("j")


def test_mathematics_is_drawn(opened: Browser) -> None:
    opened.choose("final", "proved")
    opened.until("document.querySelectorAll('#content math').length > 10")
    for place in ("#content", "#list"):
        boxes = opened.js(
            f"return [...document.querySelectorAll('{place} math')].slice(0, 40)"
            ".map((m) => m.getBoundingClientRect()).map((r) => [r.width, r.height])"
        )
        assert min(width for width, _ in boxes) > 2
        assert min(height for _, height in boxes) > 4


def test_every_filter_leaves_what_it_says(made: tuple[Path, Report], opened: Browser) -> None:
    rows = made[1].rows
    expected = {
        ("technique", "sos"): sum(row.example.technique == "sos" for row in rows),
        ("difficulty", "2"): sum(row.example.difficulty == 2 for row in rows),
        ("baseline", "truncated"): sum(
            outcome_of(row.baseline.judgement) == "truncated" for row in rows
        ),
        ("final", "proved"): sum(is_proved(row.final.judgement) for row in rows),
    }
    for (field, value), count in expected.items():
        opened.choose(field, value)
        opened.until(f"document.getElementById('browser').dataset.shown === '{count}'")
        assert f"{count} of 200" in opened.js("return document.getElementById('count').innerText")
        opened.choose(field, "")
        opened.until("document.getElementById('browser').dataset.shown === '200'")


def test_disagreements_can_be_read_with_the_judges_words(
    made: tuple[Path, Report], opened: Browser
) -> None:
    rows = made[1].rows
    lenient = [
        row
        for row in rows
        if (said := row.final.judgement.opinion)
        and said.outcome == "accepted"
        and not is_proved(row.final.judgement)
    ]
    opened.choose("judge", "accepts")
    opened.until(f"document.getElementById('browser').dataset.shown === '{len(lenient)}'")
    text = opened.js("return document.querySelector('.answer.final').innerText")
    assert "Judge accepts:" in text and "Judge\u2019s own sketch" in text.replace("'", "\u2019")
    agreement = opened.js("return document.querySelector('#grades').innerText")
    assert "is not to be believed" in agreement and "Sound proofs rejected" in agreement
    assert "Judge not believed" in opened.js("return document.querySelector('.verdict').innerText")
    assert "Training or prompting?" in opened.js("return document.body.innerText")


def test_a_believed_judges_corrected_rate_is_in_the_headline(tmp_path: Path) -> None:
    report = load(*write(tmp_path, 40, with_judge=True), extras(tmp_path))
    trusted = {"headline": {"by": "corrected", "because": "the judge may be believed: so"}}
    page = build(
        replace(report, baseline=report.baseline | trusted, final=report.final | trusted), TITLE
    )
    rate = f"errors {100 * report.final['corrected']['rate']:.1f} %"
    assert rate in page and "Judge believed." in page and "Judge not believed." not in page
    assert "corrected for the judge" in page and "corrected for the judge" not in build(
        report, TITLE
    )


def axe(window: Browser) -> list[str]:
    """What the accessibility checker of the trade objects to."""
    script = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    window.js(script)
    found = window.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations"
        ".map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 150)))))"
    )
    return [str(violation) for violation in found]


def test_axe_finds_what_is_wrong(tmp_path: Path, desktop: Browser) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text('<button></button><p style="color:#eee;background:#fff">Hardly seen.</p>')
    desktop.driver.get(broken.as_uri())
    found = " ".join(axe(desktop))
    assert "button-name" in found and "color-contrast" in found and "html-has-lang" in found


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_on_a_desk(opened: Browser, dark: bool) -> None:
    opened.dark(dark)
    try:
        opened.choose("judge", "accepts")
        opened.until("document.getElementById('browser').dataset.shown !== '200'")
        assert axe(opened) == []
    finally:
        opened.dark(False)


def test_axe_finds_nothing_on_a_phone(made: tuple[Path, Report], phone: Browser) -> None:
    phone.driver.get("about:blank")
    phone.open(made[0])
    assert axe(phone) == []
    phone.js("document.querySelector('#list a').click()")
    phone.until("document.getElementById('browser').dataset.view === 'detail'")
    assert axe(phone) == []


def test_filters_combine_and_clear(made: tuple[Path, Report], opened: Browser) -> None:
    opened.js("document.querySelector('[data-change=gained]').click()")
    gained = sum(
        is_proved(row.final.judgement) and not is_proved(row.baseline.judgement)
        for row in made[1].rows
    )
    opened.until(f"document.getElementById('browser').dataset.shown === '{gained}'")
    opened.choose("technique", "amgm")
    opened.until(f"document.getElementById('browser').dataset.shown !== '{gained}'")
    assert 0 < opened.shown() < gained
    opened.choose("final", "refuted")
    opened.until("document.getElementById('browser').dataset.shown === '0'")
    assert "clear a filter" in opened.js("return document.getElementById('count').innerText")
    opened.js("document.querySelector('button[type=reset]').click()")
    opened.until("document.getElementById('browser').dataset.shown === '200'")


def test_search_finds_words_ids_and_reasons(made: tuple[Path, Report], opened: Browser) -> None:
    for words, least in ((made[1].rows[17].example.id, 1), ("cauchy Hence", 20), ("12 <", 0)):
        opened.choose("search", words)
        opened.until("document.getElementById('browser').dataset.shown !== '200'")
        assert opened.shown() >= least
        opened.choose("search", "")
        opened.until("document.getElementById('browser').dataset.shown === '200'")


def test_keys_move_search_and_clear(opened: Browser) -> None:
    opened.press("jjj")
    opened.until("document.getElementById('position').textContent === '4 of 200'")
    opened.press("k")
    opened.until("document.getElementById('position').textContent === '3 of 200'")
    assert opened.js("return location.hash").startswith("#p=test")
    opened.press("/")
    assert opened.js("return document.activeElement.id") == "search"
    opened.press("titu jjj")  # typed, not obeyed
    opened.until("document.getElementById('browser').dataset.shown === '0'")
    opened.press(Keys.ESCAPE)
    opened.until("document.getElementById('browser').dataset.shown === '200'")
    opened.js("document.querySelector('#list a[aria-current]').focus()")
    opened.press(Keys.ARROW_DOWN)
    opened.until("document.getElementById('position').textContent === '4 of 200'")
    assert opened.js("return document.activeElement.getAttribute('aria-current')") == "true"


def test_the_list_draws_itself_as_it_is_scrolled(opened: Browser) -> None:
    assert opened.js("return document.querySelectorAll('#list li').length") < 200
    for least in (60, 120, 180, 199):
        opened.js("const l = document.getElementById('list'); l.scrollTop = l.scrollHeight")
        opened.until(f"document.querySelectorAll('#list li').length > {least}")


def test_a_problem_has_a_link_of_its_own(made: tuple[Path, Report], desktop: Browser) -> None:
    wanted = made[1].rows[123].example.id
    desktop.driver.get("about:blank")
    desktop.open(made[0], f"#p={wanted}")
    desktop.until("document.getElementById('position').textContent === '124 of 200'")
    assert wanted in desktop.js("return document.getElementById('content').innerText")


def test_the_failing_step_is_marked_and_the_reason_beside_it(opened: Browser) -> None:
    opened.choose("final", "refuted")
    opened.until("document.querySelector('.answer.final .failing')")
    text = opened.js("return document.querySelector('.answer.final').innerText")
    assert "Checker at step 2" in text or "Checker at step (2)" in text
    assert "the checker stops here" in text


@pytest.mark.parametrize("dark", [False, True])
def test_contrast_and_names(opened: Browser, dark: bool) -> None:
    opened.dark(dark)
    try:
        for outcome in ("refuted", "open", "supported", "truncated"):
            opened.choose("final", outcome)
            opened.until("document.getElementById('browser').dataset.shown !== '200'")
            assert opened.js(CONTRAST) == []
        assert opened.js(UNNAMED) == []
    finally:
        opened.dark(False)


@pytest.mark.parametrize("width", [1440, 1024, 700])
def test_no_sideways_scrolling_on_a_desk(opened: Browser, width: int) -> None:
    size = opened.driver.get_window_size()
    try:
        opened.driver.set_window_size(width, 900)
        for _ in HOSTILE:
            opened.press("j")
        wide = opened.js("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
    finally:
        opened.driver.set_window_size(size["width"], size["height"])


def test_phone(made: tuple[Path, Report], phone: Browser) -> None:
    phone.open(made[0])
    sizes = "return [document.documentElement.scrollWidth, innerWidth, visualViewport.width]"
    assert phone.js(sizes) == [390, 390, 390]
    phone.js("document.querySelector('#list a').click()")
    phone.until("document.getElementById('browser').dataset.view === 'detail'")
    for number in range(len(HOSTILE) + 5):
        phone.until(f"document.getElementById('position').textContent === '{number + 1} of 200'")
        assert phone.js(sizes) == [390, 390, 390]
        phone.js("document.getElementById('next').click()")
    assert phone.js("return document.getElementById('list').offsetHeight") == 0
    phone.js("document.getElementById('back').click()")
    phone.until("document.getElementById('list').offsetHeight > 0")
    assert phone.js(CONTRAST) == []
    assert phone.errors() == []


def test_2000_problems_make_a_page_that_opens(tmp_path: Path, desktop: Browser) -> None:
    page, _ = make(tmp_path, 2000)
    assert page.stat().st_size < 12_000_000
    print(f"opened in {min(desktop.open(page) for _ in range(3)):.2f} s")  # 2 s is the aim
    assert "2,000 problems" in desktop.js("return document.getElementById('count').innerText")
    assert desktop.errors() == []


def test_the_same_results_give_the_same_page(made: tuple[Path, Report]) -> None:
    assert build(made[1], TITLE) == made[0].read_text(encoding="utf-8")
