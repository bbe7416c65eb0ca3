"""Which faces are in use: the set that somebody accepted, kept in the store; and the files, which may say otherwise."""

from __future__ import annotations

from pathlib import Path

from integrator.clock import Clock
from integrator.config import Settings, Source, Target
from integrator.errors import ConfigError, Rejected
from integrator.mapping import Faces
from integrator.mapping.load import mappings_folder
from integrator.mapping.sets import FaceSet, set_in, set_of, text_hash
from integrator.store import Store, Tx, journal
from integrator.store import faces as kept
from integrator.telemetry.logs import logger

log = logger(part="mappings")

ANY = "unknown"  # "the set before" of a store whose old faces this release cannot load


def folder_of(settings: Settings) -> Path:
    """The folder whose mapping files people edit: `[integrator] mappings`, else the program's own."""
    named = settings.integrator.mappings
    return (Path(settings.file).parent / named).resolve() if named else mappings_folder()


def files_of(settings: Settings) -> FaceSet:
    """The set that the files of that folder make now."""
    return set_in(folder_of(settings))


def check_faces(settings: Settings, faces: Faces) -> None:
    """ConfigError: a site that has no folder, or a record that no face writes for its target."""
    systems: list[Source | Target] = [*settings.source, *settings.target]
    for one in systems:
        if one.site and one.site not in faces.sites:
            known = ", ".join(faces.sites)
            text = f"{one.name}: there is no folder mappings/sites/{one.site}; there are {known}"
            raise ConfigError(text, settings.file)
    for target in settings.target:
        for kind in target.records:
            faces.writing(kind, target.form, target.site or None)


def kept_set(tx: Tx, start: str) -> FaceSet:
    """A set that was in use once, by the first digits of its hash. Rejected: there is none, or more than one."""
    found = [digest for digest, _ in kept.sets(tx) if digest.startswith(start)]
    if len(found) != 1 or not start:
        known = ", ".join(digest[:12] for digest, _ in kept.sets(tx))
        which = "more than one set of faces begins" if found else "no set of faces that is kept begins"
        raise Rejected(f"{which} with {start!r}; there are {known}")
    return _from_store(tx, found[0])


def _from_store(tx: Tx, digest: str) -> FaceSet:
    def text_of(one: str) -> str:
        row = kept.get(tx, one)
        if row is None:
            raise ConfigError(f"the store has lost a part of its mappings ({one[:12]}); restore it from a backup")
        return row[1]

    return set_of(text_of(digest), text_of)


def keep_set(tx: Tx, faces: FaceSet, clock: Clock) -> None:
    """Keeps the texts of a set, and each face by its own hash, which messages name."""
    now = clock.now()
    for path, text in faces.texts.items():
        kept.keep(tx, text_hash(text), path, text, now)
    kept.keep(tx, faces.hash, kept.SET, faces.manifest, now)
    for face in faces.faces:
        kept.keep(tx, face.hash, face.name, face.text, now)


def set_in_use(store: Store, settings: Settings, clock: Clock, anew: bool = False) -> FaceSet:
    """The accepted set, loaded. A store that never named one accepts the files as they are.

    anew: accepts the files whatever was in use, without comparing. ConfigError: what is in use cannot be loaded.
    """
    with store.read() as tx:
        digest = kept.accepted(tx)
    if digest is None or anew:
        return _accept_files(store, settings, clock)
    faces = accepted_set(store, settings, digest)
    try:
        check_faces(settings, faces.faces)
    except ConfigError as wrong:
        text = f"the accepted mappings ({digest[:12]}) cannot be used: {wrong}"
        raise ConfigError(f"{text}; mend that, or put the files to use: integrator mappings accept --anew") from wrong
    if faces.root is None:
        log.warning(differs(settings, digest))
    return faces


def accepted_set(store: Store, settings: Settings, digest: str) -> FaceSet:
    """The set of this hash: the files where they are the same, so that nothing is loaded twice, else the kept texts."""
    try:
        files = files_of(settings)
    except ConfigError:  # nobody accepted these
        files = None
    if files and files.hash == digest:
        return files
    with store.read() as tx:
        return _from_store(tx, digest)


def differs(settings: Settings, digest: str) -> str:
    """That the files are not what is in use, and what to do about it."""
    where = folder_of(settings)
    return (
        f"the files in {where} differ from the accepted mappings ({digest[:12]}), which are used;"
        " see integrator mappings diff current files, then integrator mappings accept"
    )


def _accept_files(store: Store, settings: Settings, clock: Clock) -> FaceSet:
    files = files_of(settings)
    check_faces(settings, files.faces)
    with store.write() as tx:
        kept.begin_change(tx)
        known = kept.accepted(tx)
        if known == files.hash:
            return files
        keep_set(tx, files, clock)
        kept.accept(tx, files.hash, ANY if known else None)
        detail = {"before": known, "reason": "as they were accepted anew" if known else "the first start"}
        journal.write(tx, clock.now(), "start", "mappings accepted", "mappings", files.hash, detail=detail)
    return files
