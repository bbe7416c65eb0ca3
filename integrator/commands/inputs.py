"""What a command is given: the documents in a file that somebody names, and the folder of mapping files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from integrator.errors import Held
from integrator.formats.hl7v2 import split_messages
from integrator.formats.study_record import parse_page
from integrator.registry_reading import FORMAT

mappings_option = click.option(
    "--mappings",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="A folder of mapping files of your own; left out: the program's.",
)


def documents(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(format, bytes) of each: HL7 v2 messages, a registry's study, or the studies of a search page."""
    if data.lstrip()[:1] != b"{":
        yield from (("hl7v2", one) for one in split_messages(data))
        return
    try:
        studies, _ = parse_page(data)
    except Held:  # no page, so it is read as one study, which says what is wrong with it
        yield FORMAT, data
        return
    yield from ((FORMAT, orjson.dumps(study)) for study in studies)
