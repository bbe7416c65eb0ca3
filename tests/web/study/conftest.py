"""The study's page over a house that watches the sandbox registry."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from integrator.app import pages
from integrator.line import Line
from integrator.web import create_web
from tests.registry.conftest import house, registry, running
from tests.registry.registry_house import RegistryHouse

__all__ = ["house", "registry", "running"]


def web(line: Line) -> Flask:
    """The application as app.py wires it."""
    zone = ZoneInfo(line.settings.integrator.zone)
    more = pages(line, lambda: None)
    return create_web(line.store, line.settings.study, line.clock, zone, open_why=lambda _: None, more=more)


@pytest.fixture
def app(house: RegistryHouse) -> Flask:
    return web(house.line)
