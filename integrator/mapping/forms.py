"""The outside forms that a face may name, and the check of its paths against their models.

`resolve` fills in what the text of a path cannot say: which steps are lists, what a selector compares, and the type of
what stands at the end. A step that the form does not have is a BadPath that names what there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from integrator.formats.fhir.model import Model, model
from integrator.formats.hl7v2.path import Place
from integrator.formats.hl7v2.segments import segment_table
from integrator.formats.study_record import study_model
from integrator.mapping.form_json import Columns, FhirSteps, JsonSteps
from integrator.mapping.path import BadPath, Selector, Step, Steps, parse_path
from integrator.mapping.tree_hl7 import AFTER

WHOLE = "hl7v2 segment"
FHIR = {"fhir-r4": "r4", "fhir-r5": "r5"}  # family -> version of the model


@dataclass(frozen=True, slots=True)
class Form:
    """An outside form: "hl7v2 SIU_S12" is family hl7v2, name SIU_S12."""

    family: str
    name: str

    @property
    def hl7(self) -> bool:
        return self.family == "hl7v2"

    @property
    def kind(self) -> str:
        """hl7v2, fhir (of any version), ctgov or csv: whose conversions it has."""
        return self.family.partition("-")[0]

    @property
    def names(self) -> list[str]:
        """The names at the top of a JSON form, in the order in which they are written; of HL7 and CSV none."""
        if self.hl7 or self.family == "csv":
            return []
        known = study_model().children(self.name) if self.family == "ctgov" else self._fhir.children(self.name)
        return list(known)

    @property
    def _fhir(self) -> Model:
        return model(FHIR[self.family])

    def resolve(self, text: str, names: dict[str, str]) -> tuple[Steps, str]:
        """The steps of a path and the type at its end; `text` may be one step short of a leaf. Raises BadPath."""
        steps = parse_path(text, names, self.hl7)
        if self.hl7:
            return _hl7(self.name, steps, text)
        if self.family == "csv":
            return JsonSteps(Columns()).resolve(self.name, steps, text)
        reader = JsonSteps(study_model()) if self.family == "ctgov" else FhirSteps(self._fhir)
        return reader.resolve(self.name, steps, text)


def form(text: str) -> Form:
    """The form of a head; raises BadPath where there is none of that name."""
    family, _, name = text.partition(" ")
    if family == "hl7v2" and name in segment_table().structures:
        return Form(family, name)
    if family in FHIR and model(FHIR[family]).is_resource(name):
        return Form(family, name)
    if (family, name) in (("ctgov", "Study"), ("csv", "row")):
        return Form(family, name)
    known = f"hl7v2 and a structure (hl7v2 SIU_S12), {' or '.join(FHIR)} and a resource, ctgov Study, or csv row"
    raise BadPath(f"there is no form {text!r}; write {known}")


# HL7 v2


def _hl7(structure: str, steps: Steps, text: str) -> tuple[Steps, str]:
    table = segment_table()
    first, rest = steps[0], steps[1:]
    known = first.name.startswith("Z") or table.fields(first.name)
    if not known:
        raise BadPath(f"HL7 v2 has no segment {first.name!r} ({text!r})")
    if not first.name.startswith("Z") and first.name not in table.order(structure):
        have = ", ".join(dict.fromkeys(table.order(structure)))
        raise BadPath(f"{structure} has no segment {first.name!r} ({text!r}); it has {have}")
    repeats = first.name.startswith("Z") or table.repeats(structure, first.name)
    if not repeats and (first.every or first.selectors):
        raise BadPath(f"{first.name} in {text!r} does not repeat in {structure}; write it without brackets")
    found = [replace(first, many=True, once=not repeats, selectors=_hl7_selectors(first, (first.name,), text))]
    if len(rest) > 3 or any(not step.name.isdigit() for step in rest):
        raise BadPath(f"{text!r} is not an HL7 path; write segment-field.component.subcomponent")
    kind = WHOLE
    for depth, step in enumerate(rest):
        numbers = [int(one.name) for one in rest[: depth + 1]]
        here = (first.name, *(str(n) for n in numbers))
        kind = _hl7_type(here, text)
        field = depth == 0
        if (step.every or step.selectors) and (not field or not _repeats(first.name, numbers[0])):
            raise BadPath(f"{step.name} in {text!r} does not repeat; write it without brackets")
        found.append(replace(step, many=field, selectors=_hl7_selectors(step, here, text)))
    return tuple(found), kind


def _repeats(segment: str, number: int) -> bool:
    part = segment_table().field(segment, number)
    return segment.startswith("Z") or (part is not None and part.repeats)


def _hl7_type(path: tuple[str, ...], text: str) -> str:
    """The data type at (segment, field, component, ...); BadPath where there is none."""
    numbers = [int(one) for one in path[1:]]
    place = Place(path[0], 1, numbers[0], 1, *numbers[1:])
    if problem := segment_table().problem(place):
        raise BadPath(f"{problem} ({text!r})")
    part = segment_table().part(place)
    return part.type if part else ""


def _hl7_selectors(step: Step, here: tuple[str, ...], text: str) -> tuple[Selector, ...]:
    found = []
    for one in step.selectors:
        if one.child == (AFTER,) and here == ("NTE",):
            found.append(replace(one, steps=(Step(AFTER),)))
            continue
        if not one.child or any(not name.isdigit() for name in one.child):
            raise BadPath(f"[{one}] in {text!r}: select an HL7 element by the number of its part, as in PID-3[5=MR]")
        _hl7_type((*here, *one.child), text)
        steps = tuple(Step(name, many=len(here) == 1 and n == 0) for n, name in enumerate(one.child))
        found.append(replace(one, steps=steps))
    return tuple(found)
