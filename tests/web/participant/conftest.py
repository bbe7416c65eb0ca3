"""A house with one participant whose course is half given, and its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.houses import TestHouse, house
from tests.web.participant.story import Teller, before, half_given, web


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[TestHouse]:
    """A house that knows the participant and nothing else."""
    with house(tmp_path, clock=before()) as here:
        yield here


@pytest.fixture
def told(empty: TestHouse) -> Teller:
    """The same house on Tuesday 10 March, after the whole story."""
    return half_given(empty)


@pytest.fixture
def client(empty: TestHouse) -> FlaskClient:
    return web(empty).test_client()
