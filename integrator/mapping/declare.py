"""From the text of a face to its declaration: every word, path and conversion is known, or the file is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from integrator.mapping import record_model
from integrator.mapping.casts import Cast
from integrator.mapping.casts_csv import CSV_CASTS, CSV_DEFAULTS
from integrator.mapping.casts_fhir import FHIR_CASTS, FHIR_DEFAULTS
from integrator.mapping.casts_hl7 import HL7_CASTS, HL7_DEFAULTS
from integrator.mapping.casts_study import STUDY_CASTS, STUDY_DEFAULTS
from integrator.mapping.casts_study_fhir import STUDY_IN_FHIR
from integrator.mapping.codes import CodeMap
from integrator.mapping.forms import Form, form
from integrator.mapping.layers import Entry, Layers, refuse
from integrator.mapping.model import Choice, Condition, Constant, Declared, Field, Omission, Outside, Where
from integrator.mapping.path import BadPath, substitute
from integrator.records import KINDS

CASTS = {  # by kind of form
    "hl7v2": HL7_CASTS,
    "fhir": FHIR_CASTS | STUDY_IN_FHIR,
    "ctgov": STUDY_CASTS,
    "csv": CSV_CASTS,
}
FIELD = ("at", "as", "codes", "only", "when")
CHOICE = ("at", "as", "codes")

FindCodes = Callable[[str], CodeMap | None]


def declare(name: str, layers: Layers, find_codes: FindCodes) -> Declared:
    """The declaration of a face; `find_codes` gives a code map by name. Raises ConfigError."""
    return _Declaring(layers, find_codes).run(name)


class _Declaring:
    def __init__(self, layers: Layers, find_codes: FindCodes):
        self.layers, self.find_codes = layers, find_codes
        self.where = Where(layers.files[-1].name, 1)
        self.names = {key: self._text(entry) for key, entry in layers.table("names").items()}
        self.record = self._word("record", tuple(KINDS))
        self.form = self._form()

    def run(self, name: str) -> Declared:
        layers = self.layers
        self._needed("about")
        direction = self._word("direction", ("read", "write"), needed=False)
        return Declared(
            name=name,
            record=self.record,
            form=self.form,
            direction=direction or None,
            why=self._outside_word("why"),
            about=self._text(self._needed("about")),
            absent=self._word("absent", ("none", "unchanged")),
            each=self._each(),
            when=tuple(self.condition(entry) for entry in layers.table("when").values()),
            fields=tuple(self.field(entry) for entry in layers.table("field").values()),
            constants=tuple(self.constant(entry) for entry in layers.table("constant").values()),
            omit_ours=tuple(self.omission(entry, ours=True) for entry in layers.table("omit", "ours").values()),
            omit_theirs=tuple(self.omission(entry, ours=False) for entry in layers.table("omit", "theirs").values()),
            where=self.where,
            texts={file.name: file.text for file in layers.files},
        )

    # the head

    def _needed(self, word: str) -> Entry:
        found = self.layers.head(word)
        if found is None:
            refuse(f"a face needs the word {word!r}", self.where)
        return found

    def _word(self, word: str, known: tuple[str, ...], needed: bool = True) -> str:
        found = self._needed(word) if needed else self.layers.head(word)
        if found is None:
            return ""
        if found.value not in known:
            refuse(f"{word} = {found.value!r}: write one of {', '.join(known)}", found.where)
        return str(found.value)

    def _form(self) -> Form:
        entry = self._needed("form")
        try:
            return form(self._text(entry))
        except BadPath as error:
            refuse(str(error), entry.where)

    def _outside_word(self, word: str) -> Outside | None:
        entry = self.layers.head(word)
        return self.outside(self._text(entry), entry.where) if entry else None

    def _each(self) -> Outside | None:
        """`each = "OBX"` means every OBX."""
        found = self._outside_word("each")
        if found is None:
            return None
        last = found.steps[-1]
        if not last.many or last.once:
            entry = self._needed("each")
            refuse(f"each = {found.text!r}: {last.name} does not repeat", entry.where)
        return replace(found, steps=(*found.steps[:-1], replace(last, every=True)))

    def _text(self, entry: Entry) -> str:
        if not isinstance(entry.value, str) or not entry.value:
            refuse(f"{entry.key}: write a text", entry.where)
        return entry.value

    # tables

    def outside(self, text: Any, where: Where) -> Outside:
        if not isinstance(text, str):
            refuse(f"{text!r} is not a place; write a path as text", where)
        try:
            steps, kind = self.form.resolve(text, self.names)
        except BadPath as error:
            refuse(str(error), where)
        return Outside(text, steps, kind)

    def condition(self, entry: Entry) -> Condition:
        return self._condition(entry.key, entry.value, entry.where, own=True)

    def _condition(self, text: str, value: Any, where: Where, own: bool = False) -> Condition:
        values = value if isinstance(value, list) else [value]
        if not values or any(not isinstance(one, str) for one in values):
            refuse(f"{text}: a condition is a text or a list of texts", where)
        texts = tuple(self._named(one, where) for one in values)
        return Condition(self.outside(text, where), texts, where, own and not isinstance(value, list))

    def _named(self, text: str, where: Where) -> str:
        try:
            return substitute(text, self.names)
        except BadPath as error:
            refuse(str(error), where)

    def constant(self, entry: Entry) -> Constant:
        value = entry.value
        if isinstance(value, str):
            value = self._named(value, entry.where)
        elif not isinstance(value, bool | int):
            refuse(f"{entry.key}: a constant is a text, a number, true or false", entry.where)
        return Constant(self.outside(entry.key, entry.where), value, entry.where)

    def omission(self, entry: Entry, ours: bool) -> Omission:
        if not isinstance(entry.value, str) or not entry.value.strip():
            refuse(f"{entry.key}: an omission needs its reason", entry.where)
        if ours:
            self.place(entry.key, entry.where)
            return Omission(entry.key, entry.value, entry.where)
        return Omission(entry.key, entry.value, entry.where, self.outside(entry.key, entry.where))

    def place(self, text: str, where: Where) -> record_model.RecordPlace:
        try:
            return record_model.place(self.record, text)
        except BadPath as error:
            refuse(str(error), where)

    # fields

    def field(self, entry: Entry) -> Field:
        place = self.place(entry.key, entry.where)
        value = entry.value
        only: str | None = None
        when: tuple[Condition, ...] = ()
        if isinstance(value, dict):
            self._words(value, FIELD, entry.where)
            only = value.get("only")
            if only not in (None, "read", "write"):
                refuse(f'only = {only!r}: write "read" or "write"', entry.where)
            when = self._when(value.get("when", {}), entry.where)
        values = value if isinstance(value, list) else [value]
        if not values:
            refuse(f"{entry.key}: no choices", entry.where)
        listed = isinstance(value, list)
        choices = tuple(
            self.choice(place, one, entry.element(number) if listed else entry.where, listed)
            for number, one in enumerate(values)
        )
        return Field(place, choices, only, when, entry.where)

    def _when(self, value: Any, where: Where) -> tuple[Condition, ...]:
        if not isinstance(value, dict):
            refuse('when: write { "place" = "text" }', where)
        return tuple(self._condition(text, one, where) for text, one in value.items())

    def _words(self, value: dict[str, Any], known: tuple[str, ...], where: Where) -> None:
        for word in value:
            if word not in known:
                hint = f"; {word!r} belongs to the field, not to one of its choices" if word in FIELD else ""
                refuse(f"the word {word!r} is not known here; there are {', '.join(known)}{hint}", where)
        if "at" not in value:
            refuse("'at' is missing: which place?", where)
        if "as" in value and "codes" in value:
            refuse("'as' and 'codes' exclude each other: a code map is the conversion", where)

    def choice(self, place: record_model.RecordPlace, value: Any, where: Where, listed: bool) -> Choice:
        if isinstance(value, str):
            value = {"at": value}
        elif not isinstance(value, dict):
            refuse("a choice is a path or a table with 'at'", where)
        elif listed:
            self._words(value, CHOICE, where)
        at = value["at"] if isinstance(value["at"], list) else [value["at"]]
        if not at:
            refuse("'at' names no place", where)
        places = tuple(replace(self.outside(text, where), inner=place.inner) for text in at)
        if "codes" in value:
            return Choice(places, None, self._codes(value["codes"], places, where), where)
        return Choice(places, self._cast(value.get("as"), place, places, where), None, where)

    def _codes(self, name: Any, places: tuple[Outside, ...], where: Where) -> CodeMap:
        found = self.find_codes(name) if isinstance(name, str) else None
        if found is None:
            refuse(f"there is no code map {name!r}; make codes/{name}.toml", where)
        if len(found.columns) != len(places) + 1:
            refuse(f"{name} has {len(found.columns) - 1} outside columns, and here are {len(places)} places", where)
        return found

    def _cast(self, name: Any, place: record_model.RecordPlace, places: tuple[Outside, ...], where: Where) -> Cast:
        casts = CASTS[self.form.kind]
        if name is None:
            name = self._default(place, places[0])
            if name is None:
                have = f"{place.text} is a {place.type.__name__}, {places[0].text} a {places[0].type}"
                refuse(f"no conversion between them: {have}; name one with 'as'", where)
        if name not in casts:
            refuse(f"there is no conversion {name!r} for {self.form.family}; there are {', '.join(casts)}", where)
        return casts[name]

    def _default(self, place: record_model.RecordPlace, at: Outside) -> str | None:
        ours = place.type.__name__
        if self.form.hl7:
            return HL7_DEFAULTS.get(ours)
        if self.form.kind == "ctgov":
            return STUDY_DEFAULTS.get((ours, at.type))
        if self.form.kind == "csv":
            return CSV_DEFAULTS.get(ours)
        found = FHIR_DEFAULTS.get((ours, at.type))
        if found == "identifier" and any(one.child[:1] == ("type",) for one in at.steps[-1].selectors):
            return "number"  # the selector says the type, so the value need not
        return found
