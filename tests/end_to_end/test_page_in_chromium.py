"""The page as a person sees it: driven in a real browser, with the embedded example and the real planner."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from api.app import create_app
from api.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP = (360, 740), (1280, 900)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"chromium: no browser at {CHROMIUM}"),
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="chromium: playwright is not installed"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(Settings(max_seconds=20.0)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser wrote to its console."""
    return []


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(browser: Any, request: pytest.FixtureRequest, complaints: list[str]) -> Iterator[Any]:
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(60_000)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()


def overflow(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("lang", "button"), [("zh", "计算配送方案"), ("en", "Plan the deliveries")])
def test_the_button_plans_the_example_and_shows_map_and_tables(
    page: Any, address: str, complaints: list[str], lang: str, button: str
) -> None:
    page.goto(f"{address}/?lang={lang}")
    assert overflow(page) <= 0
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{address}/example?lang={lang}")
    page.wait_for_function("document.getElementById('map').naturalWidth >= 900")
    assert page.locator("#routes tbody tr").count() > 3
    page.locator("#routes tbody a").first.click()
    page.locator("details.route[open] tbody tr").first.wait_for()
    assert overflow(page) <= 0
    assert complaints == []


def test_while_it_plans_the_page_says_so(page: Any, address: str) -> None:
    page.goto(f"{address}/?lang=en")
    page.evaluate("document.getElementById('plan-form').addEventListener('submit', event => event.preventDefault())")
    page.get_by_role("button").click()
    assert page.get_by_text("Planning; this takes up to").is_visible()
    assert page.get_by_role("button").is_disabled()


def test_the_other_language_is_one_link_away(page: Any, address: str) -> None:
    page.goto(f"{address}/")
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
