"""Codes that nobody mapped: what is asked, and the answer, a row in the site's file that is put to use at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from integrator import accepted, identity, unmapped_codes
from integrator.accepting import Accepting
from integrator.errors import Rejected
from integrator.line import Line
from integrator.mapping import load
from integrator.mapping.codes import CodeMap
from integrator.mapping.sets import FaceSet, code_maps
from integrator.mapping.site_rows import with_row
from integrator.store import Tx, messages, questions
from integrator.store.questions import Question
from integrator.unmapped_codes import Asked

Json = dict[str, Any]
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Answering:
    """Each method is one command; it takes and returns JSON values, so that the control socket can carry them."""

    def __init__(self, line: Line, accepting: Accepting):
        self.line, self.accepting = line, accepting

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {"mappings codes": self.codes, "mappings answer": self.answer}

    def codes(self) -> list[Json]:
        """Every code that nobody mapped, with how often it came, how many messages it holds, and what it may mean."""
        with self.line.store.read() as tx:
            asked = [(one, unmapped_codes.asked(self.line, one)) for one in questions.in_state(tx)]
            return [self._shown(tx, one, about) for one, about in asked if about]

    def _shown(self, tx: Tx, question: Question, about: Asked) -> Json:
        source = self.line.sources.get(question.source or "")
        site = (source.site if source else "") or None
        held = self._held(tx, question, about) if about.holds else []
        found = unmapped_codes.suggestion(self.line.faces, about, site)
        return {
            "map": about.map,
            "code": about.code,
            "place": about.column,
            "beside": about.others,
            "source": question.source,
            "site": site,
            "count": question.count,
            "held": len(held),
            "examples": held[: unmapped_codes.EXAMPLES] or about.examples,
            "suggestion": {"value": found.value, "because": found.because} if found else None,
        }

    def _held(self, tx: Tx, question: Question, about: Asked) -> list[int]:
        """The messages that the code holds now, oldest first."""
        reason, found, below = f"a code that has no row in the code map {about.map}", [], None
        while page := messages.page(tx, "held", question.source, before=below, limit=500):
            below = page[-1].id
            for one in page:
                if one.reason == reason and (whole := messages.get(tx, one.id)):
                    code = identity.open_detail(tx, self.line.keys, whole).get("code")
                    found += [one.id] if str(code).strip().casefold() == about.code.strip().casefold() else []
        return found[::-1]

    def answer(
        self, map: str, code: str, value: str, site: str, who: str, why: str, where: Mapping[str, str] | None = None
    ) -> Json:
        """Writes the row into the site's file if all faces load with it, and puts it to use; see `mappings continue`.

        where: what stands in the other columns of the map, by column; left out, what came there.
        """
        if not who.strip() or not why.strip():
            raise Rejected("an answer is signed: say who and why")
        if not NAME.fullmatch(site):
            raise Rejected(f"{site!r} is no name of a site: small letters, digits, - and _")
        files = self._files()
        known = code_maps(files.faces)
        one = known.get((map, site)) or known.get((map, None))
        if one is None:
            names = ", ".join(sorted({name for name, of in known if of is None}))
            raise Rejected(f"there is no code map {map!r} that a face uses; there are {names}")
        row = (*self._cells(one, code, dict(where or {})), value)
        path = f"sites/{site}/codes/{map}.toml"
        day = self.line.clock.now().date().isoformat()
        about = f"Codes of {site} that were answered one by one; who and why stands beside each."
        text = with_row(files.texts.get(path), about, one.columns, row, f"{day}, {who}: {why}")
        fresh = FaceSet({**files.texts, path: text})
        accepted.check_faces(self.line.settings, fresh.faces)  # ConfigError names file and line, and nothing is written
        _write(accepted.folder_of(self.line.settings) / path, text)
        done = self.accepting.accept("files", hash=fresh.hash, actor=who, reason=f"{map}: {code} is {value}: {why}")
        users = [source.name for source in self.line.settings.source if source.site == site]
        return done | {"file": path, "row": list(row), "sources": users}

    def _files(self) -> FaceSet:
        """The files of the folder in use; they must be what is accepted, and ours to write."""
        folder = accepted.folder_of(self.line.settings)
        if folder == load.mappings_folder() or not os.access(folder, os.W_OK):
            raise Rejected(
                f"the mappings in {folder} are the program's own and are not written to: copy them with "
                'integrator mappings copy FOLDER, name that folder in [integrator] mappings = "FOLDER", start again'
            )
        files = accepted.files_of(self.line.settings)
        if files.hash != self.line.used.hash:
            raise Rejected(accepted.differs(self.line.settings, self.line.used.hash))
        return files

    def _cells(self, one: CodeMap, code: str, where: dict[str, str]) -> list[str]:
        """A row's outside cells: the code in its column; in the others what the person says, else all that has no row
        beside this code yet, else (where anything may come) what came."""
        if "|" in code or code in ("", "*"):
            raise Rejected(f"a row cannot say {code!r}; write it into the site's file by hand")
        about, columns = self._about(one.name, code), one.columns[:-1]
        if unknown := [name for name in where if name not in columns]:
            raise Rejected(f"{one.name} has no column {unknown[0]}; it has {', '.join(columns)}")
        column = about.column if about else next((name for name in columns[::-1] if name not in where), columns[-1])
        without = _without_row(one, columns.index(column), code)
        if not without:
            raise Rejected(f"{one.name} has a row for {code!r} already; to change it, edit the file, diff and accept")
        cells = []
        for number, name in enumerate(columns):
            came = about.others.get(name, []) if about and one.values[number] is None else sorted(without[number])
            cell = code if name == column else where.get(name, "|".join(came))
            if not cell and not came:
                raise Rejected(f"nobody asked for {code!r} yet: say what stands in {name}: --where '{name}=...'")
            cells.append(cell)
        return cells

    def _about(self, map_name: str, code: str) -> Asked | None:
        with self.line.store.read() as tx:
            for question in questions.in_state(tx):
                about = unmapped_codes.asked(self.line, question)
                if about and about.map == map_name and about.code.strip().casefold() == code.strip().casefold():
                    return about
        return None


def _without_row(one: CodeMap, column: int, code: str) -> list[set[str]]:
    """What may stand in each column, by column, where the map has no row, or none that knows this code; []: nothing."""
    may = [(code,) if number == column else values or ("",) for number, values in enumerate(one.values)]
    left = []
    for codes in product(*may):
        found = one.read(codes, fold=True)
        if found.row is None or found.unknown:
            left.append(codes)
    return [set() if one.values[number] is None else set(came) for number, came in enumerate(zip(*left, strict=True))]


def _write(place: Path, text: str) -> None:
    """Whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(place.name + ".new")
    fresh.write_text(text, encoding="utf-8", newline="")
    fresh.replace(place)
