"""The page of the day in a real browser: it follows by itself, leaves the reader alone, and says when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.web.hospital import berlin, model_day

SECONDS = 1000


@pytest.fixture
def page(browser: Any, served: Served) -> Any:
    """The open page of the model day, with whatever the browser complained about in `complaints`."""
    model_day(served.hospital)
    context = browser.new_context(viewport={"width": 1280, "height": 700})
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(served.url)
    yield page
    context.close()


def test_a_move_shows_within_seconds_and_leaves_the_reader_alone(page: Any, served: Served) -> None:
    hospital = served.hospital
    button = page.get_by_role("button", name="Mark all as seen")
    button.focus()
    page.evaluate("window.scrollTo(0, 300)")
    page.evaluate("window.kept = document.querySelector('#today table tbody tr')")
    assert page.get_by_text("today 16:00").count() == 0
    moved = hospital.books("DISPO-016", berlin(10, 15, 30), 6, "LINAC 1")
    hospital.moves(moved, berlin(10, 16, 0), berlin(10, 10, 42), "machine down", "LINAC 1")
    news = page.locator("#moved")
    news.get_by_text(
        "DISPO-016: Fraction 6 moved from today 15:30 to today 16:00 — machine down (ARIA, 10:42)."
    ).wait_for(timeout=8 * SECONDS)
    page.locator("#today").get_by_text("was 15:30").wait_for(timeout=1 * SECONDS)
    assert page.evaluate("document.activeElement.textContent") == "Mark all as seen"
    assert page.evaluate("window.scrollY") == 300
    assert page.evaluate("window.kept === document.querySelector('#today table tbody tr')"), "rows stay the same nodes"
    assert page.complaints == []


def test_all_is_marked_as_seen_by_keyboard(page: Any) -> None:
    page.get_by_role("button", name="Mark all as seen").focus()
    page.keyboard.press("Enter")
    page.get_by_text("nothing since all was marked as seen, 10:36").wait_for(timeout=5 * SECONDS)
    assert page.get_by_role("button", name="Mark all as seen").count() == 0
    assert page.complaints == []


def test_the_first_key_leads_to_the_content(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"


def test_a_page_that_cannot_follow_says_so_until_it_can(page: Any, served: Served) -> None:
    lost = page.get_by_text("This page has not followed since Tue 10 Mar 10:42.")
    assert not lost.is_visible()
    served.stop()
    lost.wait_for(state="visible", timeout=10 * SECONDS)
    assert page.get_by_role("heading", name="Tuesday 10 March 2026").is_visible(), "what was there stays"
    served.start()
    lost.wait_for(state="hidden", timeout=10 * SECONDS)


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_is_wider_than_the_window(browser: Any, served: Served, width: int) -> None:
    model_day(served.hospital)
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(served.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
