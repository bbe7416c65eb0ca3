"""What nobody maps of the public samples and registry records: checked-in lists, so that a change is seen in a review.

tests/mapping/unmapped/NAME.txt has a line for each unmapped leaf (place only, never a value), or why there is none.
After a change that is meant: RENEW=unmapped .venv/bin/python -m pytest tests/mapping/test_unmapped_lists.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import orjson

from integrator.commands.inputs import documents
from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import glimpse, parse
from integrator.mapping import Context, Faces

LISTS = Path(__file__).parent / "unmapped"
KINDS = ("siu-", "adt-", "oru-", "dft-", "edge-")
NOTHING = "nothing is unmapped\n"
BERLIN = Context(zone="Europe/Berlin", default_minutes=30)


def samples(folder: Path) -> list[Path]:
    """The messages that a face may read, and the registry's records."""
    messages = [*(folder / "hl7v2" / "samples").glob("*.hl7"), *(folder / "hl7v2" / "edge").glob("*.hl7")]
    chosen = [path for path in messages if path.name.lower().startswith(KINDS)]
    return sorted([*chosen, *(folder / "registry" / "api-v2").glob("*.json")])


def listed(faces: Faces, path: Path) -> list[str]:
    """The lines of one sample's list."""
    found = [list(lines(faces, kind, data)) for kind, data in documents(path.read_bytes())]
    many = len(found) > 1
    return [f"[{number}] {line}" if many else line for number, one in enumerate(found, 1) for line in one]


def lines(faces: Faces, kind: str, data: bytes) -> Iterator[str]:
    try:
        document = parse(data, "utf-8") if kind == "hl7v2" else orjson.loads(data)
    except (Held, Rejected) as reason:
        yield f"not read: {type(reason).__name__}"
        return
    reading = faces.reading("hl7v2" if kind == "hl7v2" else "ctgov", document, None)
    if not reading:
        head = glimpse(data)
        yield f"no face takes {head.type}^{head.event}"
    for face in reading:
        try:
            places = [leaf.place for one in face.read_each(document, BERLIN) for leaf in one.unmapped]
        except Held as held:
            yield f"{face.name}: held: {held.place}: {held.reason}"
            continue
        yield from (f"{face.name}: {place}" for place in dict.fromkeys(places))


def test_the_lists_are_those_that_were_reviewed(shared_data: Path, faces: Faces):
    found = {
        path.stem: "".join(f"{line}\n" for line in listed(faces, path)) or NOTHING for path in samples(shared_data)
    }
    assert len(found) >= 30
    if os.environ.get("RENEW") == "unmapped":
        for old in LISTS.glob("*.txt"):
            old.unlink()
        for name, text in found.items():
            (LISTS / f"{name}.txt").write_text(text, "utf-8")
    kept = {path.stem: path.read_text("utf-8") for path in LISTS.glob("*.txt")}
    assert found == kept, "the lists have changed: read the difference, then RENEW=unmapped writes them again"


def test_a_list_holds_places_and_no_values():
    pattern = re.compile(
        r"(\[\d+\] )?(nothing is unmapped|no face takes [A-Z]{3}\^[A-Z0-9]{3}|not read: \w+"
        r"|[a-z0-9-]+/[a-z-]+: (held: .+|[\w.\[\]-]+))"
    )
    for path in LISTS.glob("*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert pattern.fullmatch(line), (path.name, line)
