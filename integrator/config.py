"""The configuration: config.toml to frozen dataclasses; unknown keys are refused, secrets come by reference."""

from __future__ import annotations

import os
import re
import tomllib
import types
import typing
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

from integrator.config_rules import check
from integrator.errors import ConfigError


@dataclass(frozen=True, slots=True)
class General:
    """[integrator]: what concerns the whole service."""

    processing_id: str = "P"  # MSH-11 of this environment: P production, T test, D training
    zone: str = "Europe/Berlin"  # the hospital's IANA zone, for the pages
    folder: str = "var"  # where the store, the key file and the control socket live
    store: str = "sqlite:///integrator.db"  # relative paths are below the folder
    keys: str = "file:integrator.keys"  # file: below the folder, or env:NAME
    mappings: str = ""  # a folder of mapping files of the hospital's own, relative to this file; empty: the program's
    clock: str = ""  # the demo's story clock (a file); refused in production


@dataclass(frozen=True, slots=True)
class StudySettings:
    """[study]: the trial whose participants may be seen."""

    nct: str
    title: str
    arms: tuple[str, ...] = ()  # the arms that a participant may be in; empty: any
    procedures: str = "evidenced"  # from which rung on a fraction is a Procedure: evidenced, presumed or planned


@dataclass(frozen=True, slots=True)
class Web:
    """[web]: the pages."""

    listen: str = "127.0.0.1:8480"
    threads: int = 4


@dataclass(frozen=True, slots=True)
class LineSettings:
    """[line]: times and sizes of the line."""

    clock_ahead: int = 300  # seconds that a source's clock may be ahead of ours
    late_after: int = 86_400  # seconds after which a late message makes a question
    keep_unwanted: int = 14  # days
    workers: int = 1
    batch: int = 32  # messages read and merged in one transaction
    first_retry: float = 1.0  # seconds
    longest_retry: float = 300.0  # seconds
    look_every: float = 0.5  # seconds between two looks for work when nothing wakes us
    reconcile_at: str = "03:30"  # local time of the daily look at every target


@dataclass(frozen=True, slots=True)
class Source:
    """[[source]]: an outside system as origin of messages."""

    name: str
    system: str
    zone: str
    kind: str = "mllp"
    listen: str = "127.0.0.1:2575"
    charset: str = "ASCII"  # where MSH-18 is silent; a code of HL7 table 0211
    site: str = ""  # a folder of mappings/sites
    key: str = "filler"  # which id is the key of an appointment: filler or placer
    namespace: str = ""  # URI of ids that the source sends without an assigner
    undecodable: str = "AE"  # answer to bytes that do not decode: AE or AA
    default_minutes: int = 0  # length where the source says none; 0: such a message is held
    default_unit: str = "min"  # unit of a length that has none
    ack_to: str = ""  # host:port for application acknowledgements of enhanced mode
    longest: int = 1_048_576  # bytes of the longest frame
    silent_after: int = 0  # seconds without a message after which the page says so; 0: never
    nct: str = ""  # of a registry: the study that is watched
    base: str = "https://clinicaltrials.gov/api/v2"  # of a registry: where it is asked
    every: int = 3600  # of a registry: seconds between two looks; it makes its data once a day
    proxy: str = ""  # of a registry: http://host:port that leads out of the hospital


@dataclass(frozen=True, slots=True)
class Target:
    """[[target]]: an outside system as destination of records."""

    name: str
    system: str
    base: str
    kind: str = "fhir_client"
    form: str = "fhir-r4"
    site: str = ""
    records: tuple[str, ...] = ("Appointment",)
    audience: str = "clinical"
    write: str = "on"  # off, shadow, on
    patient_system: str = ""  # URI of the hospital number at this target
    token: str = ""  # env:NAME or file:PATH
    timeout: float = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class ParticipantSettings:
    """[[participant]]: a participant who is linked to a patient from the start."""

    subject: str
    number: str
    second: str
    consent: date
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    study: StudySettings
    integrator: General = General()
    web: Web = Web()
    line: LineSettings = LineSettings()
    source: tuple[Source, ...] = ()
    target: tuple[Target, ...] = ()
    participant: tuple[ParticipantSettings, ...] = ()
    owners: dict[str, str] = field(default_factory=dict)
    file: str = "config.toml"

    @property
    def folder(self) -> Path:
        """Where everything of ours lives; relative to the configuration file."""
        return (Path(self.file).parent / self.integrator.folder).resolve()

    @property
    def store_url(self) -> str:
        """The store's address, SQLite paths made absolute."""
        kind, _, place = self.integrator.store.partition(":///")
        return f"{kind}:///{self.folder / place}" if kind == "sqlite" else self.integrator.store

    def owner(self, kind: str, name: str) -> str | None:
        """The system that owns a field: what `[owners]` says of the field, else of the record."""
        return self.owners.get(f"{kind}.{name}") or self.owners.get(kind)

    def source_named(self, name: str) -> Source:
        return next(source for source in self.source if source.name == name)

    def target_named(self, name: str) -> Target:
        return next(target for target in self.target if target.name == name)


def read_config(path: Path) -> Settings:
    """The settings of a file, checked; ConfigError names file and line and what to write."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as gone:
        raise ConfigError("there is no such file; `integrator init` makes one", str(path)) from gone
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"line (\d+)", str(wrong))
        raise ConfigError(f"not TOML: {wrong}", str(path), int(found[1]) if found else None) from wrong
    reader = _Reader(str(path), text)
    settings: Settings = reader.table(Settings, {**data, "file": str(path)}, "")
    check(settings, reader)
    return settings


def secret(reference: str, folder: Path) -> str:
    """The text behind env:NAME or file:PATH; ConfigError when it is missing or empty."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
    elif kind == "file":
        place = folder / name
        value = place.read_text(encoding="utf-8") if place.is_file() else ""
    else:
        raise ConfigError(f"a secret is given as env:NAME or file:PATH, not {reference[:12]!r}…")
    if not value.strip():
        raise ConfigError(f"the secret {reference} is missing or empty")
    return value.strip()


def address(listen: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:2575" or "[::1]:2575"."""
    host, _, port = listen.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


@dataclass(frozen=True)
class _Reader:
    file: str
    text: str

    def wrong(self, text: str, key: str) -> ConfigError:
        """The error with the line where the key (or its table) stands."""
        leaf = re.escape(key.rpartition(".")[2])
        found = re.search(rf"^\s*(?:\[+\s*)?(?:\w+\.)*\"?{leaf}\"?\s*(?:=|\]).*$", self.text, re.MULTILINE)
        return ConfigError(text, self.file, self.text.count("\n", 0, found.start()) + 1 if found else None)

    def table(self, model: Any, data: dict[str, Any], where: str) -> Any:
        known = {f.name: f for f in fields(model)}
        hints = typing.get_type_hints(model)
        for key in data:
            if key not in known:
                near = ", ".join(sorted(name for name in known if name != "file"))
                raise self.wrong(f"unknown key {where}{key}; known here: {near}", key)
        missing = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING]
        for name in missing:
            if name not in data:
                raise self.wrong(f"{where}{name} is missing", where.rstrip(".") or name)
        return model(**{key: self.value(hints[key], value, f"{where}{key}") for key, value in data.items()})

    def value(self, hint: Any, value: Any, where: str) -> Any:
        if typing.get_origin(hint) in (types.UnionType, typing.Union):
            hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
        if is_dataclass(hint):
            return self.table(hint, self.of_type(dict, value, where), f"{where}.")
        origin = typing.get_origin(hint)
        if origin is tuple:
            inner = typing.get_args(hint)[0]
            return tuple(self.value(inner, part, where) for part in self.of_type(list, value, where))
        if origin is dict:
            return {k: self.of_type(str, v, f"{where}.{k}") for k, v in self.of_type(dict, value, where).items()}
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return self.of_type(hint, value, where)

    def of_type(self, kind: type, value: Any, where: str) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(f"{where} is {value!r}; expected {_SAID[kind]}", where)
        return value


_SAID = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    list: "a list",
    bool: "true or false",
    date: "a date: 2026-03-01",
}
