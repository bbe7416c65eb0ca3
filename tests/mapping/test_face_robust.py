"""Nothing that comes from outside is an exception: spoiled resources and messages are read, or held with a reason."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

from integrator.errors import CannotWrite, Held, Rejected
from integrator.formats.hl7v2 import build, parse
from integrator.mapping import Context
from integrator.mapping.laws_values import Draw

NAMES = ("coding", "actor", "type", "value", "url", "code", "reference", "identifier", "text", "x")
BERLIN = Context(zone="Europe/Berlin", default_minutes=15)


def junk(random: Random, depth: int = 0):
    kind = random.randint(0, 8)
    if kind < 2 and depth < 3:
        return {random.choice(NAMES): junk(random, depth + 1) for _ in range(random.randint(0, 3))}
    if kind < 4 and depth < 3:
        return [junk(random, depth + 1) for _ in range(random.randint(0, 3))]
    return random.choice([None, True, 3, 1.5, "", "x", "2026-01-01", "Patient/1"])


def spoiled(node, random: Random):
    if random.random() < 0.08:
        return junk(random)
    if isinstance(node, dict):
        return {name: spoiled(value, random) for name, value in node.items()}
    return [spoiled(one, random) for one in node] if isinstance(node, list) else node


@pytest.mark.parametrize("name", ["fhir-r4/appointment", "fhir-r4/patient"])
def test_a_spoiled_resource(faces, name):
    face = faces.get(name)
    for seed in range(400):
        random = Random(seed)
        draw = Draw(face.declared, random)
        document = spoiled(face.write(draw.said()), random)
        if not isinstance(document, dict):
            continue
        with suppress(Held):
            assert isinstance(face.read(document).unmapped, list)
        with suppress(CannotWrite):
            face.write(draw.said(), onto=document)


@pytest.mark.parametrize("name", ["hl7v2/siu-appointment", "hl7v2/adt-patient"])
def test_a_spoiled_message(faces, name):
    face, writer = faces.get(name), faces.get("hl7v2/siu-appointment")
    for seed in range(400):
        random = Random(seed)
        data = bytearray(build(writer.write(Draw(writer.declared, random).said())))
        for _ in range(random.randint(1, 6)):
            place = random.randrange(3, len(data))
            data[place : place + random.randint(0, 2)] = random.choice(
                [b"|", b"^", b"&", b"~", b"\\", b'""', b"\r", b"Z9", b""]
            )
        with suppress(Held, Rejected):
            reading = face.read(parse(bytes(data), "utf-8"), BERLIN)
            assert isinstance(reading.unmapped, list)
            assert isinstance(reading.otherwise, list)
