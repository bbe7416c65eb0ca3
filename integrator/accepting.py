"""Other mapping files: what they would change in what is stored, and putting them to use, or back."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

from integrator import accepted
from integrator.again import Again, again
from integrator.comparing import face_json
from integrator.errors import ConfigError, Rejected
from integrator.line import Line
from integrator.mapping.load import mappings_folder
from integrator.mapping.sets import FaceSet, changes_of, set_in
from integrator.rereading import over_store
from integrator.store import Tx, journal
from integrator.store import faces as kept

Json = dict[str, Any]
CURRENT, FILES, KEPT = "current", "files", "kept:"  # the set in use; what the files make; one that was in use once
AT_ONCE = 1.0  # seconds that one answer takes before it tells how far it is


class Accepting:
    """Each method is one command; it takes and returns JSON values, so that the control socket can carry them."""

    def __init__(self, line: Line, wake: Callable[[], None]):
        self.line, self.wake = line, wake
        self._turn = threading.Lock()
        self._going: Generator[Again, None, None] | None = None

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {
            "mappings state": self.state,
            "mappings texts": self.texts,
            "mappings diff": self.diff,
            "mappings accept": self.accept,
            "mappings continue": self.go_on,
        }

    def state(self) -> Json:
        """The set in use, whether the files are another, the sets that were in use, and whether all was read again."""
        with self.line.store.read() as tx:
            digest, before, sets = kept.accepted(tx), kept.before(tx), kept.sets(tx)
        try:
            files, wrong = accepted.files_of(self.line.settings).hash, None
        except ConfigError as unreadable:
            files, wrong = None, str(unreadable)
        return {
            "accepted": digest,
            "files": files,
            "wrong": wrong,
            "folder": str(accepted.folder_of(self.line.settings)),
            "finished": before is None,
            "kept": [{"hash": one, "at": at.isoformat()} for one, at in sets],
        }

    def texts(self) -> dict[str, str]:
        """The files of the set in use, by their paths below mappings/."""
        return dict(self.line.used.texts)

    def diff(self, old: str, new: str, since: str = "") -> Json:
        """What would change if `new` read and wrote in place of `old`; changes nothing."""
        from_when = self.line.clock.now() - length(since) if since else None
        before, after = self.named(old), self.named(new)
        accepted.check_faces(self.line.settings, after.faces)
        return over_store(self.line, before, after, from_when)

    def named(self, name: str) -> FaceSet:
        """The set that a person names: one of the words, kept:HASH, or an absolute path of a folder."""
        if name == CURRENT:
            return self.line.used
        if name == FILES:
            files = accepted.files_of(self.line.settings)
            own = files.root == mappings_folder()  # the process loads them only once
            return FaceSet(files.texts) if own else files
        if name.startswith(KEPT):
            with self.line.store.read() as tx:
                return accepted.kept_set(tx, name.removeprefix(KEPT))
        return set_in(Path(name))

    def accept(self, new: str = FILES, hash: str = "", actor: str = "command line", reason: str = "") -> Json:
        """Puts a set to use; what it reads or writes differently is then read again by `mappings continue`.

        hash: how the hash of the set must begin, so that nothing else is accepted than what was looked at.
        """
        faces = self.named(new)
        if hash and not faces.hash.startswith(hash):
            raise Rejected(f"these mappings are {faces.hash[:12]}, not {hash[:12]}: they changed since; look again")
        accepted.check_faces(self.line.settings, faces.faces)
        used = self.line.used
        changed = [face_json(one) for one in changes_of(used.faces, faces.faces)]
        if faces.hash != used.hash:
            with self.line.store.write() as tx:
                self._accept(tx, faces, {"before": used.hash, "faces": changed, "reason": reason}, actor)
            self.line.use(faces)
        with self.line.store.read() as tx:
            open_ = kept.before(tx) is not None
        return {"hash": faces.hash, "before": used.hash, "faces": changed, "finished": not open_}

    def _accept(self, tx: Tx, faces: FaceSet, detail: Json, actor: str) -> None:
        """Where the set before was not finished with, messages that the one before it read may be left: all are read
        again."""
        kept.begin_change(tx)
        if kept.accepted(tx) != detail["before"]:
            raise Rejected("somebody else accepted mappings meanwhile; look again")
        accepted.keep_set(tx, faces, self.line.clock)
        pending = kept.before(tx)
        kept.accept(tx, faces.hash, accepted.ANY if pending else detail["before"])
        now = self.line.clock.now()
        journal.write(tx, now, actor, "mappings accepted", "mappings", faces.hash, detail=detail)

    def go_on(self, actor: str = "line") -> Json:
        """Reads again, for about a second, what the set before read differently; says how far it is."""
        with self._turn:
            until = time.monotonic() + AT_ONCE
            if self._going is None:
                self._going = again(self.line, actor)
            found: Again | None = None
            for found in self._going:
                self.wake()
                if found.finished or time.monotonic() > until:
                    break
            if found is None or found.finished:
                self._going = None
            return found.json() if found else Again(finished=True).json()


def length(text: str) -> timedelta:
    """A length of time: "30d", "12h". Rejected: it is none."""
    found = re.fullmatch(r"(\d{1,5})([dh])", text.strip())
    if not found:
        raise Rejected(f"--since {text!r}: write days or hours, for example 30d or 12h")
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
