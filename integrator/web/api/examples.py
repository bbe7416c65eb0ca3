"""One example of each body, as the document and the page show it; a test sends them all."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "Link": {
        "subject": "DISPO-021",
        "number": "4711",
        "second": "1957-03-12",
        "consent": {"date": "2026-03-02", "version": "1.1"},
    },
    "ChangedParticipant": {"status": "off-study", "since": "2026-04-02", "reason": "moved away"},
    "Withdrawal": {"scope": "collection", "on": "2026-04-02", "reason": "moved away"},
    "NewExerciseSession": {
        "subject": "DISPO-021",
        "key": "S-04",
        "program": "isometric-training",
        "setting": "supervised",
        "status": "completed",
        "start": "2026-03-09 10:00",
        "end": "2026-03-09 10:30",
        "pain_before": 4,
        "pain_after": 3,
        "exertion": 5,
    },
    "ChangedExerciseSession": {"pain_after": 2, "why": "read the wrong line"},
    "NewObservation": {
        "subject": "DISPO-021",
        "instrument": "pain-vas",
        "value": 3,
        "time": "2026-03-09 09:40",
        "timepoint": "t1",
    },
    "ChangedObservation": {"status": "entered-in-error", "why": "of another participant"},
    "NewTreatment": {"subject": "DISPO-021", "fraction": 4, "status": "completed", "day": "2026-03-09"},
    "ChangedTreatment": {"status": "stopped", "reason": "felt sick", "why": "asked the staff"},
}
