"""The page of the study in a real browser: nothing is wider than the window, and the browser complains of nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from waitress.server import create_server

from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT, dispo
from tests.registry.registry_house import registry_house
from tests.web.study.conftest import web


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over two versions of the record and three things that differ."""
    folder = tmp_path_factory.mktemp("study")
    with SandboxRegistry(folder / "registry.json", every=0) as registry:
        registry.put(dispo())
        with registry_house(folder, registry) as house:
            house.look()
            ours = dispo()
            ours["protocolSection"]["statusModule"]["overallStatus"] = "ACTIVE_NOT_RECRUITING"
            ours["protocolSection"]["designModule"]["enrollmentInfo"] = {"count": 12, "type": "ACTUAL"}
            house.trial_says(ours, "T-1")
            registry.change(NCT, {"statusModule.whyStopped": "no money" * 40})
            house.look()
            server = create_server(web(house.line), host="127.0.0.1", port=0, threads=4)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.effective_port}/study"
            server.close()
            thread.join(timeout=5)


@pytest.mark.parametrize("width", [320, 390, 1100, 1440])
def test_nothing_is_wider_than_the_window(browser: Any, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("heading", level=1).inner_text().startswith("DISPO")
    shown = sum(one.is_visible() for one in page.locator("#waits li").all())
    assert shown >= 3 if width > 760 else shown >= 2
    if width <= 760:
        page.get_by_role("link", name="Show all").click()
        assert sum(one.is_visible() for one in page.locator("#waits li").all()) > shown
    assert complaints == []
    context.close()


def test_versions_open_by_keyboard_and_lead_to_the_record(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    first = page.locator(".versions details").last
    assert not first.get_by_role("link").is_visible()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_by_role("link", name="Record as received").is_visible()
    place = first.get_by_role("link").get_attribute("href")
    answer = page.request.get(address.removesuffix("/study") + str(place))
    assert answer.json()["protocolSection"]["identificationModule"]["nctId"] == NCT
    context.close()
