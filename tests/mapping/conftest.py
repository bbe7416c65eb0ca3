"""The faces of the checkout, loaded once."""

from __future__ import annotations

import pytest

from integrator.mapping import Faces, load_faces


@pytest.fixture(scope="session")
def faces() -> Faces:
    return load_faces()


@pytest.fixture(scope="session")
def face(faces):
    """The common SIU face."""
    return faces.get("hl7v2/siu-appointment")


@pytest.fixture(scope="session")
def fhir(faces):
    """The R4 Appointment face."""
    return faces.get("fhir-r4/appointment")
