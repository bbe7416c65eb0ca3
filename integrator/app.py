"""The wiring: configuration in, running parts out; the only file that names concrete connectors."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import waitress
from flask import Blueprint

from integrator import identity
from integrator.accepted import set_in_use
from integrator.accepting import Accepting
from integrator.clock import Clock, StoryClock
from integrator.config import Settings, Source, Target, address, secret
from integrator.connectors.fhir_client import FhirSession, FhirTarget
from integrator.connectors.mllp import Answer, Arrival, Endpoint, MllpListener
from integrator.connectors.registry import RegistryClient
from integrator.control import NAME, Control
from integrator.doings import Doings
from integrator.engine.clockwork import start_clockwork
from integrator.engine.embedded import Engine
from integrator.entering import add_participant
from integrator.errors import ConfigError, RetryLater
from integrator.formats.fhir.model import release_of
from integrator.line import Line
from integrator.registry_doings import Registries
from integrator.security.keys import ENVIRONMENT, Keyring, Unopenable
from integrator.store import open_store, people, tallies
from integrator.store.today import Step
from integrator.telemetry.logs import logger
from integrator.web import Feed, api, code_maps, create_web, participant, study

log = logger(part="app")

ROLES = ("web", "mllp", "work", "schedule")


@contextmanager
def open_line(settings: Settings, clock: Clock | None = None, anew: bool = False) -> Iterator[Line]:
    """Opens the store and wires the line; ConfigError says what the operator must mend.

    anew: the mapping files are put to use as they are, without comparing, in place of what was accepted.
    """
    clock = clock or clock_of(settings)
    keys = keys_of(settings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    targets = {target.name: target_of(target, settings.folder) for target in settings.target}
    with open_store(settings.store_url, clock) as store:
        with store.write() as tx:
            identity.check_keys(tx, keys)
        faces = set_in_use(store, settings, clock, anew)
        line = Line(settings, store, keys, faces, clock, targets, registries_of(settings))
        add_configured(line)
        yield line


def clock_of(settings: Settings) -> Clock:
    """The machine's clock; the sandbox may name a story's."""
    name = settings.integrator.clock
    return StoryClock(Path(settings.file).parent / name) if name else Clock()


def keys_of(settings: Settings) -> Keyring:
    """The key ring of `[integrator] keys`."""
    kind, _, name = settings.integrator.keys.partition(":")
    if kind == "file":
        return Keyring.from_file(settings.folder / name)
    if kind == "env":
        return Keyring.from_env(secret(settings.integrator.keys, settings.folder))
    raise ConfigError(f"keys = {settings.integrator.keys!r}: write file:NAME or env:{ENVIRONMENT}", settings.file)


def target_of(target: Target, folder: Path) -> FhirTarget:
    """The client of one target; a missing secret is found at start, not at the first write."""
    token = None
    if target.token:
        bearer = secret(target.token, folder)
        token = lambda: bearer  # noqa: E731
    session = FhirSession(target.base, token=token, answer=target.timeout)
    return FhirTarget(target.name, session, release=release_of(target.form))


def registries_of(settings: Settings) -> dict[str, RegistryClient]:
    """A client for each registry source, by the source's name."""
    sources = [source for source in settings.source if source.kind == "registry"]
    return {source.name: RegistryClient(source.base, proxy=source.proxy) for source in sources}


def add_configured(line: Line) -> None:
    """Links the participants that the configuration names and the store does not know yet."""
    zone = ZoneInfo(line.settings.integrator.zone)
    with line.store.write() as tx:
        people.begin_change(tx)
        for one in line.settings.participant:
            if people.by_subject(tx, one.subject):
                continue
            add_participant(
                line,
                tx,
                subject=one.subject,
                number=one.number,
                second=one.second,
                consent=datetime.combine(one.consent, time(), zone),
                arm=one.arm,
                actor="configuration",
            )


def serve(settings: Settings, roles: tuple[str, ...] = ROLES, ready: Callable[[dict[str, Any]], None] = print) -> None:
    """Runs the parts of these roles until `stop` is asked for by a signal; calls `ready` with what listens where."""
    asked = asked_to_stop()
    with open_line(settings) as line:
        engine = Engine(line)
        doings = Doings(line, engine.wake)
        control = Control(settings.folder / NAME, doings.commands())
        running: list[Callable[[], Any]] = []
        first = line.store.alone or not control.taken()  # one of the processes of this folder answers commands
        if first:
            control.start()
            running.append(control.stop)
        told: dict[str, Any] = {"pid": os.getpid()}
        listener: MllpListener | None = None
        try:
            if "work" in roles:
                engine.start()
                running.append(engine.stop)
            if "schedule" in roles:
                running.append(start_clockwork(line, engine.wake).shutdown)
            if "web" in roles:
                told["web"], stop_web = start_web(line, engine.wake)
                running.append(stop_web)
            if "mllp" in roles:
                listener = start_mllp(line, engine.wake)
                told["mllp"] = dict(zip((e.source for e in listener.endpoints), listener.ports, strict=True))
                running.append(listener.stop)
            gc.collect()
            gc.freeze()  # what is there now stays; looking at it again and again took a tenth of reading and merging
            if first and "work" in roles:
                running.append(finish_accepting(line, engine.wake))
            ready(told)
            wait_until(asked, lambda: engine.alive and (listener is None or listener.alive))
        finally:
            for stop in reversed(running):
                stop()


def finish_accepting(line: Line, wake: Callable[[], None]) -> Callable[[], None]:
    """Goes on, in a thread, with what a process that ended had left of reading again; returns how to stop it."""
    stop, accepting = threading.Event(), Accepting(line, wake)

    def work() -> None:
        try:
            while not stop.is_set() and not accepting.go_on("start")["finished"]:
                pass
        except RetryLater as later:
            log.warning("reading again with the accepted mappings goes on at the next start", why=str(later))

    thread = threading.Thread(target=work, name="accepting", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()

    return end


def start_mllp(line: Line, wake: Callable[[], None]) -> MllpListener:
    """Listens for every MLLP source; an answer leaves only after its message is safe."""
    sources = [source for source in line.settings.source if source.kind == "mllp"]
    endpoints = [Endpoint(s.name, *address(s.listen), s.longest) for s in sources]

    def receive(arrivals: list[Arrival]) -> list[Answer]:
        answers = line.receive(arrivals)
        wake()
        return answers

    uncounted: Counter[tuple[str, str]] = Counter()

    def note(source: str, what: str, n: int) -> None:
        uncounted[source, what] += n
        try:
            with line.store.write() as tx:
                for (of, kind), times in uncounted.items():
                    tallies.add(tx, of, kind, times)
        except RetryLater:
            return  # the disk is full: counted with the next, and the listener goes on
        uncounted.clear()

    listener = MllpListener(endpoints, receive, note)
    listener.start()
    return listener


def start_web(line: Line, wake: Callable[[], None]) -> tuple[str, Callable[[], None]]:
    """The pages on waitress, in threads of this process; returns their address and how to stop them."""
    settings = line.settings

    def open_why(step: Step) -> str | None:
        if step.why is None:
            return None
        with line.store.read() as tx:
            participant = people.by_subject(tx, step.subject)
            try:
                return identity.open_why(tx, line.keys, participant.patient_id, step.why) if participant else None
            except Unopenable:
                return None  # sealed for a patient that this subject code is no longer linked to

    app = create_web(
        line.store,
        settings.study,
        line.clock,
        ZoneInfo(settings.integrator.zone),
        open_why=open_why,
        feeds=[Feed(s.name, timedelta(seconds=s.silent_after) if s.silent_after else None) for s in settings.source],
        titles=titles_of(settings),
        invented=settings.integrator.processing_id != "P",
        more=pages(line, wake),
    )
    host, port = address(settings.web.listen)
    one = "127.0.0.1" if host == "localhost" else host  # of a name with two addresses it would listen on two ports
    try:
        server = waitress.create_server(app, host=one, port=port, threads=settings.web.threads, ident=None)
    except OSError as taken:
        raise ConfigError(f"[web]: cannot listen on {settings.web.listen} ({taken.strerror or taken})") from taken
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()

    def stop() -> None:
        server.trigger.pull_trigger(server.close)  # in its own thread, which may be about to wait for these sockets
        thread.join(timeout=5)

    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{server.effective_port}/", stop


def titles_of(settings: Settings) -> dict[str, str]:
    """How staff say the names of sources, targets and systems: "aria" -> "ARIA"."""
    systems: list[Source | Target] = [*settings.source, *settings.target]
    return {name: one.system.upper() for one in systems for name in (one.name, one.system)}


def pages(line: Line, wake: Callable[[], None]) -> list[Blueprint]:
    """What the web has beside the page of the day."""
    people_pages = participant.blueprint(participant.Participants(line, titles_of(line.settings), wake))
    return [
        people_pages,
        study.blueprint(line, Registries(line, wake)),
        api.blueprint(line, wake),
        code_maps.blueprint(line),
    ]


def asked_to_stop() -> threading.Event:
    """What SIGTERM and SIGINT set, from now on: also one that comes while serve starts ends it in order."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    return asked


def wait_until(asked: threading.Event, healthy: Callable[[], bool]) -> None:
    """Returns when it is asked; a part that died of a fault ends the process, so that whoever watches sees."""
    while not asked.wait(1):
        if not healthy():
            raise RetryLater("a part of serve ended by a fault; see the log")
