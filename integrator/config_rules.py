"""What the values of a configuration must be, beyond their types: one of some words, a zone, an address, a number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrator.errors import ConfigError

if TYPE_CHECKING:
    from integrator.config import Settings, Source


class Reader(Protocol):
    """What says where in the file a key stands."""

    def wrong(self, text: str, key: str) -> ConfigError: ...


_ONE_OF = {
    "kind of source": ("mllp", "registry"),
    "kind of target": ("fhir_client",),
    "key": ("filler", "placer"),
    "undecodable": ("AE", "AA"),
    "audience": ("clinical", "research"),
    "procedures": ("evidenced", "presumed", "planned"),
    "write": ("off", "shadow", "on"),
    "processing_id": ("P", "T", "D"),
}


def check(settings: Settings, reader: Reader) -> None:
    """ConfigError, with file and line, for the first value that cannot be."""

    def one_of(what: str, key: str, value: str) -> None:
        if value not in _ONE_OF[what]:
            raise reader.wrong(f"{key} = {value!r} is not one of {', '.join(_ONE_OF[what])}", key)

    one_of("processing_id", "processing_id", settings.integrator.processing_id)
    one_of("procedures", "procedures", settings.study.procedures)
    if settings.integrator.clock and settings.integrator.processing_id == "P":
        raise reader.wrong('clock is for the sandbox; production (processing_id = "P") has the machine\'s', "clock")
    _check_zone(settings.integrator.zone, reader)
    for what, names in (("source", [s.name for s in settings.source]), ("target", [t.name for t in settings.target])):
        for name in names:
            if names.count(name) > 1:
                raise reader.wrong(f"two [[{what}]] are named {name!r}", "name")
    _check_participants(settings, reader)
    for source in settings.source:
        one_of("kind of source", "kind", source.kind)
        one_of("key", "key", source.key)
        one_of("undecodable", "undecodable", source.undecodable)
        _check_zone(source.zone, reader)
        if source.kind == "registry":
            _check_registry(source, reader)
        _check_listen(source.listen, reader)
    for target in settings.target:
        one_of("kind of target", "kind", target.kind)
        one_of("audience", "audience", target.audience)
        one_of("write", "write", target.write)
    _check_listen(settings.web.listen, reader)
    feeds = [source.listen for source in settings.source if source.kind == "mllp"]
    for address in (settings.web.listen, *feeds):
        if not address.endswith(":0") and (settings.web.listen, *feeds).count(address) > 1:
            raise reader.wrong(f"two listen on {address}: each source and the page have a port of their own", "listen")


def _check_participants(settings: Settings, reader: Reader) -> None:
    """A participant twice: one of the two would be left out without a word. No number is told."""
    subjects: set[str] = set()
    numbers: dict[str, str] = {}
    for one in settings.participant:
        if one.subject in subjects:
            raise reader.wrong(f"two [[participant]] have the subject code {one.subject!r}", "subject")
        if other := numbers.get("".join(one.number.split()).upper()):
            text = f"{other} and {one.subject} have one hospital number; one patient has one subject code"
            raise reader.wrong(text, "number")
        subjects.add(one.subject)
        numbers["".join(one.number.split()).upper()] = one.subject


def _check_registry(source: Source, reader: Reader) -> None:
    if not re.fullmatch(r"NCT\d{8}", source.nct):
        raise reader.wrong(f"nct = {source.nct!r}: a registry source names the study it watches (NCT01409720)", "nct")
    if not source.base.startswith(("https://", "http://")):
        raise reader.wrong(f"base = {source.base!r} is not the address of an API (https://...)", "base")
    if source.every < 1:
        raise reader.wrong(f"every = {source.every}: at least one second between two looks", "every")


def _check_zone(zone: str, reader: Reader) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise reader.wrong(f"zone = {zone!r} is not an IANA time zone such as Europe/Berlin", "zone") from unknown


def _check_listen(listen: str, reader: Reader) -> None:
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise reader.wrong(f"listen = {listen!r} is not host:port", "listen")
    if host not in ("127.0.0.1", "localhost", "[::1]", "::1"):
        raise reader.wrong(f"listen = {listen!r}: only the loopback (127.0.0.1) until sign-in exists", "listen")
