"""The instruments of the trial: what each measures, between which limits and in which unit.

Codes of terminologies are not here but in mappings/codes/instrument.toml, where a site may change them.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Quantity

UCUM = "http://unitsofmeasure.org"
YES_NO, NUMBER = "yes or no", "number"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument. A limit that is None is open."""

    title: str  # as a study nurse calls it
    unit: str = "{score}"  # UCUM
    low: float | None = None
    high: float | None = None
    step: float | None = None  # what the values are multiples of: 1 for whole numbers
    kind: str = NUMBER
    shown: str = ""  # the unit as people read it; empty: nothing is shown

    def says(self) -> str:
        """What a value of it is, for people: "pain VAS is a number from 0 to 10"."""
        if self.kind == YES_NO:
            return f"{self.title} is yes or no"
        number = "a whole number" if self.step == 1 else "a number"
        if self.low is not None and self.high is not None:
            return f"{self.title} is {number} from {self.low:g} to {self.high:g}"
        limit = f" of at least {self.low:g}" if self.low is not None else ""
        return f"{self.title} is {number}{limit}"

    def quantity(self, value: float) -> Quantity:
        """A value with this instrument's unit."""
        return Quantity(value, self.shown or None, self.unit, UCUM)


def _score(title: str, low: float, high: float, step: float | None = None) -> Instrument:
    return Instrument(title, low=low, high=high, step=step)


# DOMAIN: time points and data shapes of the DISPO assessments; items of EORTC questionnaires are not shipped (licence),
# only their scores, linear 0 to 100.
INSTRUMENTS = {
    "pain-vas": _score("pain VAS", 0, 10),
    "pain-nrs": _score("pain NRS", 0, 10, 1),
    "karnofsky": Instrument("Karnofsky", "%", 0, 100, 10, shown="%"),
    "ecog": _score("ECOG", 0, 5, 1),
    "chair-stand": Instrument("chair stand test", "{count}", 0, None, 1, shown="stands"),
    "omed": Instrument("OMED", "mg/d", 0, shown="mg/d"),
    "bm22-painful-sites": _score("QLQ-BM22 painful sites", 0, 100),
    "bm22-pain-characteristics": _score("QLQ-BM22 pain characteristics", 0, 100),
    "bm22-functional-interference": _score("QLQ-BM22 functional interference", 0, 100),
    "bm22-psychosocial": _score("QLQ-BM22 psychosocial aspects", 0, 100),
    "fa13-physical": _score("QLQ-FA13 physical fatigue", 0, 100),
    "fa13-emotional": _score("QLQ-FA13 emotional fatigue", 0, 100),
    "fa13-cognitive": _score("QLQ-FA13 cognitive fatigue", 0, 100),
    "fbk-r10": _score("FBK-R10", 0, 50),
    "bone-density-hu": Instrument("bone density", "[hnsf'U]", -1024, 3071, shown="HU"),
    "pathological-fracture": Instrument("pathological fracture", kind=YES_NO),
    "borg-cr10": _score("Borg exertion", 0, 10, 0.5),
    "exercise-minutes": Instrument("minutes of exercise", "min", 0, 240, shown="min"),
    "exercises-done": Instrument("exercises done", "{count}", 0, 20, 1),
    "weight": Instrument("body weight", "kg", 20, 300, shown="kg"),
    "height": Instrument("body height", "cm", 100, 250, shown="cm"),
}


def title(code: str) -> str:
    """The name of an observation's code for people."""
    known = INSTRUMENTS.get(code)
    return known.title if known else code.rpartition("|")[2]
