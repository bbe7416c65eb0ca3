"""The page of a participant in a real browser: the picture by keyboard, the forms, a phone, and what axe finds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from tests.houses import house
from tests.web.participant.story import SUBJECT, before, half_given, web

SECONDS = 1000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages of a house whose participant's course is half given, on loopback."""
    folder: Path = tmp_path_factory.mktemp("participant")
    with house(folder, clock=before()) as here:
        half_given(here)
        server = create_server(web(here), host="127.0.0.1", port=0, threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.effective_port}/participants"
        server.close()
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        thread.join(timeout=5)


def opened(browser: Any, address: str, width: int = 1440, **more: Any) -> Any:
    """The open page, with whatever the browser complained about in `complaints`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **more)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(address)
    return page


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The participant's page on a desk."""
    page = opened(browser, f"{address}/{SUBJECT}")
    yield page
    page.context.close()


def test_the_picture_is_one_stop_and_arrows_go_from_fraction_to_fraction(page: Any) -> None:
    picture = page.locator("svg.tl-wide")
    assert picture.locator('a[tabindex="0"]').count() == 1
    page.locator("section#course .scroll").focus()
    page.keyboard.press("Tab")
    name = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(name).startswith("Fraction 7, Thu 12 Mar 09:40")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(name) == "Fraction 6, Mon 9 Mar 10:00, LINAC 3, arrived"
    assert page.locator("#readout p").inner_text() == "Fraction 6, Mon 9 Mar 10:00, LINAC 3, arrived."
    assert picture.locator('a[tabindex="0"]').count() == 1
    page.keyboard.press("Home")
    assert page.evaluate(name).startswith("Fraction 1, Mon 2 Mar")
    page.keyboard.press("Enter")
    row = page.url.rpartition("#")[2]
    assert page.locator(f"tr#{row} th").inner_text() == "Fraction 1"
    page.locator("section#course .scroll").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg')") is None, "the next stop is outside the picture"
    assert page.complaints == []


def test_a_session_is_recorded_and_what_was_wrong_keeps_the_focus(page: Any) -> None:
    form = page.locator("#record form")
    form.get_by_role("radio", name="Partly").check()
    form.get_by_role("radio", name="Supervised").check()
    form.get_by_label("From").fill("09:40")
    form.get_by_role("button", name="Save session").click()
    page.get_by_text("Say why it was stopped.").wait_for(timeout=5 * SECONDS)
    assert page.evaluate("document.activeElement.name") == "reason"
    assert page.locator("#record form").get_by_label("From").input_value() == "09:40"
    page.keyboard.type("pain")
    page.locator("#record form").get_by_role("button", name="Save session").dblclick()
    page.get_by_text("saved", exact=True).wait_for(timeout=5 * SECONDS)
    assert page.locator("tr[aria-current] th").inner_text() == "S-05"
    assert page.locator("#sessions tbody tr").count() == 5
    assert [text for text in page.complaints if "422" not in text] == []


def parts(browser: Any, address: str) -> list[str]:
    """The addresses of the participant's page, of a correction, and of a person's word on a fraction."""
    page = opened(browser, f"{address}/{SUBJECT}")
    found = [page.locator(f"#{pane} tbody tr a").first.get_attribute("href") for pane in ("sessions", "list")]
    page.context.close()
    return [f"{address}/{SUBJECT}", *(address.removesuffix("/participants") + one for one in found)]


@pytest.mark.parametrize("width", [320, 390, 760, 1100])
def test_nothing_is_wider_than_the_window(browser: Any, address: str, width: int) -> None:
    for part in (address, *parts(browser, address)):
        page = opened(browser, part, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.context.close()


def test_a_phone_has_the_picture_whole_and_in_letters_that_can_be_read(browser: Any, address: str) -> None:
    page = opened(browser, f"{address}/{SUBJECT}", 390)
    assert page.locator("svg.tl-narrow").is_visible()
    assert not page.locator("svg.tl-wide").is_visible()
    region = "document.querySelector('section#course .scroll')"
    assert page.evaluate(f"{region}.scrollWidth <= {region}.clientWidth")
    _readable(page, "svg.tl-narrow")
    page.context.close()


@pytest.mark.parametrize("width", [1100, 1181, 1440])
def test_letters_of_the_picture_can_be_read_on_a_desk(browser: Any, address: str, width: int) -> None:
    page = opened(browser, f"{address}/{SUBJECT}", width)
    _readable(page, "svg.tl-wide")
    page.context.close()


def _readable(page: Any, picture: str) -> None:
    """No text of a picture is shown smaller than 11 px."""
    smallest = page.evaluate(
        """(picture) => Math.min(...[...document.querySelectorAll(picture + " text")].map(
             (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))""",
        picture,
    )
    assert smallest >= 10.9


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(browser: Any, address: str, width: int, scheme: str) -> None:
    sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="left out: needs axe")
    for part in (address, *parts(browser, address)):
        page = opened(browser, part, width, color_scheme=scheme)
        found = sync_playwright.Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        told = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found.response["violations"]]
        assert told == [], part
        page.context.close()
