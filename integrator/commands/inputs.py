"""The documents in a file that somebody names: HL7 v2 messages, a registry's study, or the studies of a search page."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from integrator.errors import Held
from integrator.formats.hl7v2 import split_messages
from integrator.formats.study_record import parse_page
from integrator.registry_reading import FORMAT


def documents(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(format, bytes) of each; the format is one of reading.READERS."""
    if data.lstrip()[:1] != b"{":
        yield from (("hl7v2", one) for one in split_messages(data))
        return
    try:
        studies, _ = parse_page(data)
    except Held:  # no page, so it is read as one study, which says what is wrong with it
        yield FORMAT, data
        return
    yield from ((FORMAT, orjson.dumps(study)) for study in studies)
