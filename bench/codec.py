"""One message of 1,500 bytes in one thread: header, parse, read, write R4, validate, each part and all of it."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import hl7

from bench.figures import Figure
from bench.messages import siu
from bench.profiles import profile_step
from bench.twin import appointment
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import Unframer, answer, build, decode_message, frame, header, parse
from integrator.mapping import Context, Faces, load_faces
from integrator.mapping.lineage import Trace
from integrator.mapping.load import mappings_folder
from integrator.mapping.log import Log

SITE = "sandbox"
ROUND, ROUNDS = 0.005, 200  # seconds of one round, and how many
PARSE_AT_MOST = 20.0  # microseconds
WHOLE_AT_MOST = 100.0
TRACED_AT_MOST = 1_000_000 / 3000
TWIN_AT_MOST = 1.6  # times what the same mapping takes that was written by hand
LOAD_AT_MOST = 0.5  # seconds
ZONE, NAMESPACE = "Europe/Berlin", "https://htest.example/aria"


def microseconds(step: Callable[[], object]) -> float:
    """The best of many short rounds: what is above it was the machine's doing (another process had the core)."""
    for _ in range(50):
        step()
    once = min(timeit.repeat(step, number=1, repeat=20))
    number = max(1, int(ROUND / once))
    return min(timeit.repeat(step, number=number, repeat=ROUNDS)) / number * 1e6


def codec() -> Iterator[Figure]:
    """What the codec costs; beside it the parser of the `hl7` package."""
    data = siu()
    message, head, text, now = parse(data), header(data), data.decode("iso8859-1"), datetime.now(UTC)
    yield _figure("parse", lambda: parse(data), PARSE_AT_MOST)
    yield _figure("header", lambda: header(data))
    yield _figure("decode only", lambda: decode_message(data))
    yield _figure("build", lambda: build(message))
    yield _figure("answer", lambda: answer(head, "AA", control_id="1", at=now))
    yield _figure("frame and unframe", lambda: Unframer(100_000).feed(frame(data)))
    hl7_takes = microseconds(lambda: hl7.parse(text))
    yield Figure("parse by hl7", round(hl7_takes, 1), "us", more={"version": hl7.__version__})


def mapping() -> Iterator[Figure]:
    """From bytes to a valid R4 Appointment, as the line does it, and each part of that alone."""
    data, faces = siu(), load_faces()
    context = Context(zone=ZONE, default_unit="min", namespace=NAMESPACE)
    writing = faces.writing("Appointment", "fhir-r4", None)

    def whole() -> object:
        message = parse(data)
        (face,) = faces.reading("hl7v2", message, SITE)
        return problems(writing.write(face.read(message, context).said, context))

    def traced(log: Log | None = None) -> object:
        message = parse(data)
        (face,) = faces.reading("hl7v2", message, SITE)
        return problems(writing.write(face.read(message, context, Trace()).said, context, log=log))

    message = parse(data)
    (face,) = faces.reading("hl7v2", message, SITE)
    said = face.read(message, context).said
    resource = writing.write(said, context)
    wrong = problems(resource)
    if wrong:
        raise SystemExit(f"the measured resource is not valid: {wrong[0].path}: {wrong[0].text}")
    if appointment(message, ZONE, NAMESPACE) != resource:
        raise SystemExit("the mapping written by hand (bench/twin.py) makes another resource")
    taken = _figure("parse, read, write R4, validate", whole, WHOLE_AT_MOST)
    yield taken
    by_hand = _figure("  the same by hand", lambda: problems(appointment(parse(data), ZONE, NAMESPACE)))
    yield by_hand
    yield Figure("  faces to by hand", round(taken.value / by_hand.value, 2), "times", most=TWIN_AT_MOST)
    yield _figure("  choose the face", lambda: faces.reading("hl7v2", message, SITE))
    yield _figure("  read", lambda: face.read(message, context))
    yield _figure("  read by closures", lambda: face.read_by_closures(message, context))
    yield _figure("  read with a trace", lambda: face.read(message, context, Trace()))
    yield _figure("  write R4", lambda: writing.write(said, context))
    yield _figure("  validate", lambda: problems(resource))
    yield _figure("with a trace of reading", traced, TRACED_AT_MOST)
    yield _figure("  and a log of writing", lambda: traced(Log()))
    loads = min(timeit.repeat(lambda: Faces(mappings_folder()), number=1, repeat=5))
    yield Figure("load all faces", round(loads, 3), "s", most=LOAD_AT_MOST)


def _figure(name: str, step: Callable[[], object], most: float | None = None) -> Figure:
    found = Figure(name, round(microseconds(step), 1), "us", most=most)
    if found.met is False:
        place = profile_step(name.replace(", ", "-").replace(" ", "-"), step)
        found = replace(found, more={"profile": place.name})
    return found
