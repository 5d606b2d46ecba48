"""A real browser for the page, without network, driven by selenium."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)

# Every element with text of its own, its contrast against what lies behind it (WCAG 2.1).
CONTRAST = """
const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
const pen = canvas.getContext('2d', {willReadFrequently: true});
const rgb = (color) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = color; pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data]; };
const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255;
  return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (element) => { for (let e = element; e; e = e.parentElement) {
  const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
  return [255, 255, 255, 255]; };
const bad = [];
for (const element of document.querySelectorAll('body *')) {
  if (!element.checkVisibility({contentVisibilityAuto: true}) || element.disabled) continue;
  if (![...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push([element.outerHTML.slice(0, 120), ratio]);
}
return bad;
"""

# Controls and regions without a name, drawings neither named nor hidden, ids used twice.
UNNAMED = """
const named = (e) => e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim();
const bad = [...document.querySelectorAll('button, a, input, select, [role=region], nav')]
  .filter((e) => !named(e));
bad.push(...[...document.querySelectorAll('svg, img')].filter((e) =>
  !e.closest('[aria-hidden=true]') && !e.closest('[role=img][aria-label]') && !e.alt));
const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
const twice = ids.filter((v, i) => ids.indexOf(v) !== i);
return [...bad.map((e) => e.outerHTML.slice(0, 120)), ...twice];
"""


class Browser:
    """One page in one window."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, fragment: str = "") -> float:
        """Open the page and return the seconds until it can be used."""
        started = time.perf_counter()
        self.driver.get(page.as_uri() + fragment)
        self.until("document.documentElement.dataset.ready")
        return time.perf_counter() - started

    def js(self, code: str, *arguments: object) -> Any:
        """Run a function body in the page."""
        return self.driver.execute_script(code, *arguments)

    def until(self, expression: str, seconds: float = 20) -> Any:
        """Wait until an expression is true in the page."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            value = self.js(f"return {expression}")
            if value:
                return value
            time.sleep(0.03)
        raise AssertionError(f"never true: {expression}; now {self.js('return ' + expression)}")

    def press(self, keys: str) -> None:
        """Type on whatever has the focus."""
        webdriver.ActionChains(self.driver).send_keys(keys).perform()

    def choose(self, field: str, value: str) -> None:
        """Set a filter as a user would."""
        self.js(
            "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
            "e.dispatchEvent(new Event(e.type === 'search' ? 'input' : 'change'))",
            field,
            value,
        )

    def shown(self) -> int:
        """How many problems the list says it holds."""
        return int(self.js("return document.getElementById('browser').dataset.shown"))

    def errors(self) -> list[str]:
        """What the console complains about."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def dark(self, on: bool) -> None:
        """Prefer dark colours, or light ones."""
        value = "dark" if on else "light"
        features = [{"name": "prefers-color-scheme", "value": value}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@contextmanager
def browser(profile: Path, width: int, height: int, phone: bool = False) -> Iterator[Browser]:
    """Start Chromium with a fresh profile; fail in one line where it is not installed."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if None in found.values():
        pytest.fail(
            "the report's tests need a browser: apt-get install chromium chromium-driver",
            pytrace=False,
        )
    options = webdriver.ChromeOptions()
    options.binary_location = found["chromium"]
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if phone:
        metrics = {"width": width, "height": height, "pixelRatio": 2, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    driver = webdriver.Chrome(options=options, service=Service(found["chromedriver"]))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
