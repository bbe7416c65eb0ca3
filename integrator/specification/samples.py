"""A record of each kind for the samples of an interface specification; everybody in them is invented."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from integrator.records import Said
from integrator.records.exercise_session import Exercise
from integrator.records.participant import Consent
from integrator.records.study_parts import Arm
from integrator.records.values import (
    Address,
    Coding,
    Concept,
    Identifier,
    PartialDate,
    Period,
    PersonName,
    Place,
    Quantity,
    Ref,
    Service,
    When,
)

BERLIN = timezone(timedelta(hours=1))
START = datetime(2026, 3, 12, 9, 40, tzinfo=BERLIN)
END = START + timedelta(minutes=20)
NUMBER = Identifier("HTEST-4711017", None, "HTEST", "MR")
STUDY = Ref("Study", "NCT01409720")
PLACE = Place("LINAC 3", "R1.110", "HTEST-RADIO")
DOSE = Quantity(3, "Gy", "Gy", "http://unitsofmeasure.org")

SAMPLES: dict[str, Said] = {
    "Appointment": {
        "placer": Identifier("P-4711", None, "KIS"),
        "filler": Identifier("40017-07", None, "ARIA"),
        "series": Identifier("C-40017", None, "ARIA"),
        "patient": NUMBER,
        "study": STUDY,
        "time": Period(START, END),
        "status": "booked",
        "kind": "radiotherapy",
        "activity": "fraction",
        "fraction": 7,
        "fractions": 10,
        "services": (Service(Concept((Coding("RT-FRACTION", None, "Bestrahlung", "ARIA"),)), START, 20),),
        "place": PLACE,
        "notes": ("HTEST: exercise unit follows",),
        "evidence": "scheduled",
    },
    "Treatment": {
        "key": "fraction:aria/ARIA/40017-07",
        "treatment": Identifier("T-40017-07", None, "FIN"),
        "study": STUDY,
        "patient": NUMBER,
        "series": Identifier("C-40017", None, "ARIA"),
        "appointment": Ref("Appointment", "aria|ARIA|40017-07"),
        "activity": "fraction",
        "status": "completed",
        "time": When(START + timedelta(minutes=2), START + timedelta(minutes=9)),
        "fraction": 7,
        "fractions": 10,
        "dose": DOSE,
        "site": Concept((Coding("53983007", "http://snomed.info/sct", "Bone structure of L2"),)),
        "place": PLACE,
        "code": Concept((Coding("RT-FRACTION", None, "Bestrahlung", "FIN"),)),
        "evidence": "evidenced",
    },
    "Patient": {
        "identifiers": (NUMBER,),
        "name": PersonName("HTEST-Becker", ("Karin",)),
        "birth_date": "1950-06-03",
        "gender": "female",
        "address": Address(("Gartenstraße 6",), "Heidelberg", None, "69120", "DE"),
    },
    "Participant": {
        "subject": "DISPO-HTEST-017",
        "study": STUDY,
        "patient": NUMBER,
        "arm": "A",
        "status": "on-study",
        "since": "2026-03-02",
        "enrolled": "2026-03-02",
        "consent": Consent("2026-02-24", "2"),
    },
    "ExerciseSession": {
        "key": "DISPO-HTEST-017/S-07",
        "study": STUDY,
        "patient": NUMBER,
        "program": "isometric-training",
        "setting": "supervised",
        "status": "completed",
        "time": When(END + timedelta(minutes=5), END + timedelta(minutes=35)),
        "exercises": (Exercise("four-point kneeling", 3, 8, 30, True),),
        "exertion": 4,
        "pain_before": 4,
        "pain_after": 3,
    },
    "Observation": {
        "key": "DISPO-HTEST-017/pain-vas/t1",
        "study": STUDY,
        "patient": NUMBER,
        "code": "pain-vas",
        "value": Quantity(3, None, "{score}", "http://unitsofmeasure.org"),
        "time": When(day="2026-03-13"),
        "timepoint": "t1",
        "status": "final",
    },
    "Study": {
        "nct": "NCT01409720",
        "title": "Isometric muscle training of the spine",
        "acronym": "DISPO",
        "status": "completed",
        "registry_status": "COMPLETED",
        "start": PartialDate("2011-09"),
        "arms": (Arm(name="A: isometric training"), Arm(name="B: control")),
    },
}

ROWS = {
    "csv/observations": (
        "subject;instrument;value;time;timepoint",
        "DISPO-HTEST-017;pain-vas;3;2026-03-13;t1",
    ),
    "csv/sessions": (
        "subject;key;program;setting;status;start;end;pain_before;pain_after",
        "DISPO-HTEST-017;S-07;isometric-training;supervised;done;2026-03-12 10:05;2026-03-12 10:35;4;3",
    ),
    "csv/treatments": (
        "subject;key;status;day;fraction;dose;unit;machine",
        "DISPO-HTEST-017;F-07;given;2026-03-12;7;3;Gy;LINAC 3",
    ),
}  # header and row, where a form is only read
