"""Tables of sessions and observations: checked row by row, imported as messages of one participant, never twice."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrator.doings import Doings
from integrator.errors import Rejected
from integrator.formats.delimited import Table
from integrator.formats.rows import Rows, build, parse
from integrator.importing import KINDS, TOGETHER, Importing, as_of, known_participants
from integrator.mapping import load_faces
from integrator.receiving import Document
from integrator.records.schemas import About
from integrator.records.texts import Unclear
from integrator.store import journal, messages, records
from integrator.trial import Trial
from tests.houses import SetClock, TestHouse, house, siu

FACES = load_faces()
BERLIN = "Europe/Berlin"
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
SUBJECT = "DISPO-HTEST-001"
ABOUT = About(BERLIN, NOW, SUBJECT, consented="2026-02-25", randomised="2026-03-02")
SCORES = "subject;instrument;value;time;timepoint\n"
SESSIONS = "subject;key;status;program;start;end;pain_after;reason\n"


def importing(kind: str, text: str, **more: Any) -> Importing:
    table = Table(io.BytesIO(text.encode()))
    return Importing(table, FACES.get(KINDS[kind]), {SUBJECT: ABOUT, "P-2": ABOUT}, "NCT01409720", **more)


def told(kind: str, *rows: str, header: str | None = None, **more: Any) -> list[str]:
    run = importing(kind, (header or (SCORES if kind == "observations" else SESSIONS)) + "\n".join(rows) + "\n", **more)
    assert len(list(run.parts())) in (0, 1)
    assert run.right + run.left_out == run.rows == len(rows)
    return [str(one) for one in run.wrong]


def test_rows_that_are_right():
    assert told("observations", f"{SUBJECT};pain-vas;3;2026-03-13;t1", f"{SUBJECT};ecog;1;2026-03-13 09:40;t1") == []
    assert told("sessions", f"{SUBJECT};S-01;done;isometric-training;2026-03-03 10:00;2026-03-03 10:30;3;") == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (";pain-vas;3;2026-03-13;t1", "line 2: subject: whose row is it? the subject code is missing"),
        ("P-9;pain-vas;3;2026-03-13;t1", "line 2: subject: there is no participant P-9"),
        (f"{SUBJECT};pain-vas;11;2026-03-13;t1", "line 2: value: pain VAS is a number from 0 to 10; 11 is not"),
        (f"{SUBJECT};pain-vas;3,5;2026-03-13;t1", "line 2: value: 3,5 has a decimal comma; write 3.5"),
        (f"{SUBJECT};pain-vas;3;03/04/2026;t1", "line 2: time: 03/04/2026 can be read in two ways"),
        (f"{SUBJECT};pain-vas;3;2026-04-01;t1", "line 2: time: 2026-04-01 is in the future"),
        (f"{SUBJECT};pain-vas;3;2026-02-01;t1", "line 2: time: 2026-02-01 is before the consent of 2026-02-25"),
        (f"{SUBJECT};pain-vas;3;2026-03-13;t7", "line 2: timepoint is one of t0, t1, t2, t3; 't7' is not"),
        (f"{SUBJECT};pain-vas;;2026-03-13;t1", "line 2: value: the value is missing; write it, or say in absent"),
        (f"{SUBJECT};pain;3;2026-03-13;t1", "line 2: instrument is one of pain-vas,"),
        (f"{SUBJECT};;3;2026-03-13;t1", "line 2: instrument: say of which instrument the value is"),
        (f"{SUBJECT};pain-vas;3;;t1", "line 2: time: when was it assessed?"),
        (f"{SUBJECT};pathological-fracture;3;2026-03-13;t1", "line 2: value: '3' is neither yes nor no"),
        (f"{SUBJECT};pain-vas;3;2026-03-13", "line 2: has 4 cells, and the first line names 5 columns"),
    ],
)
def test_wrong_observations(row: str, words: str):
    found = told("observations", row)
    assert any(one.startswith(words) for one in found), found


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            f"{SUBJECT};S-01;done;isometric-training;2026-02-27 10:00;;;",
            "start: 2026-02-27 is before the randomisation",
        ),
        (f"{SUBJECT};S-01;done;isometric-training;2026-03-21;;;", "start: 2026-03-21 is in the future"),
        (f"{SUBJECT};S-01;done;isometric-training;2026-03-03 10:00;2026-03-03 09:00;;", "end: the end is before"),
        (f"{SUBJECT};S-01;done;isometric-training;;2026-03-03 09:00;;", "end: an end without a start"),
        (f"{SUBJECT};S-01;done;isometric-training;2026-03-03;2026-03-03 09:00;;", "start: a start with an end needs"),
        (f"{SUBJECT};S-01;not done;isometric-training;;;;", "reason: say why it was not done"),
        (f"{SUBJECT};S-01;finished;isometric-training;2026-03-03;;;", "status is one of"),
        (f"{SUBJECT};S-01;done;walking;2026-03-03;;;", "program is one of isometric-training, passive-therapy"),
        (f"{SUBJECT};S 01;done;isometric-training;2026-03-03;;;", "key: 'S 01' is no name"),
        (f"{SUBJECT};;done;isometric-training;2026-03-03;;;", "key: it needs a name"),
        (f"{SUBJECT};S-01;done;isometric-training;2026-03-03;;11;", "pain_after: pain VAS is a number from 0 to 10"),
    ],
)
def test_wrong_sessions(row: str, words: str):
    found = told("sessions", row)
    assert any(one.startswith(f"line 2: {words}") for one in found), found


def test_two_rows_of_one_record():
    row = f"{SUBJECT};pain-vas;3;2026-03-13;t1"
    assert told("observations", row, row.replace(";3;", ";4;")) == [
        "line 3: says the same as line 2; keep one of them, or give them different keys"
    ]


def test_decimal_commas_when_the_file_has_them():
    assert told("observations", f"{SUBJECT};pain-vas;3,5;2026-03-13;t1", comma=True) == []


def test_missing_columns_are_named_and_unknown_ones_are_told():
    with pytest.raises(Rejected, match="these columns are missing: instrument; the file has subject, value"):
        list(importing("observations", "subject;value\n").parts())
    assert importing("observations", "subject;instrument;value;colour\n").unread() == ["colour"]


def test_rows_are_gathered_by_participant_and_alike_each_time():
    rows = [f"{SUBJECT if n % 2 else 'P-2'};pain-vas;3;2026-03-13;;k{n}" for n in range(2 * TOGETHER + 20)]
    text = SCORES.strip() + ";key\n" + "\n".join(rows)
    parts = list(importing("observations", text).parts())
    assert [(one.subject, len(one.rows)) for one in parts] == [
        ("P-2", TOGETHER),
        (SUBJECT, TOGETHER),
        ("P-2", 10),
        (SUBJECT, 10),
    ]
    assert [build(one) for one in parts] == [build(one) for one in importing("observations", text).parts()]
    assert parse(build(parts[0])) == parts[0]


def test_a_long_table_takes_little_memory():
    head = SCORES.strip() + ";key\n"
    lines = (f"{SUBJECT};pain-vas;{n % 11};2026-03-13;;k{n}\n" for n in range(20_000))
    run = importing("observations", head + "".join(lines))
    tracemalloc.start()
    assert sum(len(one.rows) for one in run.parts()) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000  # the names of what was seen; no row is kept


class Endless(io.RawIOBase):
    """A file of as many rows as are asked for, none of which is kept."""

    def __init__(self, head: str, rows: int, row: str):
        self.head, self.left, self.row = head.encode(), rows, row
        self.number = 0

    def readline(self, size: int | None = -1) -> bytes:
        if self.head:
            head, self.head = self.head, b""
            return head
        if self.number == self.left:
            return b""
        self.number += 1
        return self.row.format(self.number).encode()


def run_of(rows: int, row: str) -> tuple[Importing, int]:
    """A table of so many rows gone through, and the most bytes that were held meanwhile."""
    stream = Endless(SCORES.strip() + ";key\n", rows, row)
    run = Importing(Table(stream), FACES.get(KINDS["observations"]), {SUBJECT: ABOUT}, "NCT01409720")  # type: ignore[arg-type]
    tracemalloc.start()
    for _ in run.parts():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return run, peak


def test_of_ever_more_rows_no_more_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrator.importing.WATCHED", 2_000)
    _, small = run_of(4_000, f"{SUBJECT};pain-vas;3;2026-03-13;;k{{}}\n")
    run, large = run_of(12_000, f"{SUBJECT};pain-vas;3;2026-03-13;;k{{}}\n")
    assert (run.rows, run.right, run.watched) == (12_000, 12_000, False)
    assert large < small + 100_000


def test_of_ever_more_wrong_rows_the_first_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrator.importing.TOLD", 100)
    _, small = run_of(2_000, "P-9;pain-vas;3;2026-03-13;;k{}\n")
    run, large = run_of(8_000, "P-9;pain-vas;3;2026-03-13;;k{}\n")
    assert (run.left_out, len(run.wrong)) == (8_000, 100)
    assert large < small + 100_000


def test_as_of():
    assert as_of("2026-03-13 17:00", BERLIN, NOW) == datetime(2026, 3, 13, 16, tzinfo=UTC)
    assert as_of("2026-03-13", BERLIN, NOW) == datetime(2026, 3, 12, 23, tzinfo=UTC)
    with pytest.raises(Unclear, match="in the future"):
        as_of("2026-03-21", BERLIN, NOW)


# into the line


def doings(here: TestHouse) -> dict[str, Any]:
    return Doings(here.line, lambda: None).commands()


def take(here: TestHouse, kind: str, text: str, at: str = "2026-03-10T08:00:00+00:00") -> dict[str, Any]:
    commands = doings(here)
    people = known_participants(commands["participant list"](), BERLIN, here.clock.now())
    run = Importing(Table(io.BytesIO(text.encode())), FACES.get(KINDS[kind]), people, "NCT01409720")
    parts = [{name: getattr(one, name) for name in Rows.__match_args__} for one in run.parts()]
    assert run.wrong == []
    done: dict[str, Any] = commands["import rows"](parts=orjson.loads(orjson.dumps(parts)), at=at)
    here.read_all()
    return done


@pytest.mark.usefixtures("each_store")
def test_a_table_becomes_records_and_the_same_table_again_nothing(tmp_path: Path):
    text = SCORES + f"{SUBJECT};pain-vas;3;2026-03-09;t0\n{SUBJECT};ecog;1;2026-03-09;t0\n"
    with house(tmp_path) as here:
        assert take(here, "observations", text) == {"stored": 1, "known": 0}
        assert take(here, "observations", text) == {"stored": 0, "known": 1}
        with here.line.store.read() as tx:
            rows = records.of_subject(tx, SUBJECT, "Observation")
            (message,) = [one for one in messages.page(tx) if one.format == "csv"]
        assert [(row.key, row.version, row.status) for row in rows] == [
            (f"{SUBJECT}/pain-vas/t0", 1, "final"),
            (f"{SUBJECT}/ecog/t0", 1, "final"),
        ]
        assert rows[0].body["value"]["value"] == 3
        assert (message.state, message.type, message.face) == (
            "merged",
            "observations",
            FACES.get("csv/observations").hash,
        )


@pytest.mark.usefixtures("each_store")
def test_a_mended_row_corrects_the_score_and_the_others_stay(tmp_path: Path):
    text = SCORES + f"{SUBJECT};pain-vas;3;2026-03-09;t0\n{SUBJECT};ecog;1;2026-03-09;t0\n"
    with house(tmp_path) as here:
        take(here, "observations", text)
        take(here, "observations", text.replace(";3;", ";4;"), at="2026-03-10T08:10:00+00:00")
        with here.line.store.read() as tx:
            vas, ecog = records.of_subject(tx, SUBJECT, "Observation")
        assert (vas.version, vas.status, vas.body["value"]["value"]) == (2, "corrected", 4)
        assert (ecog.version, ecog.status) == (1, "final")


@pytest.mark.usefixtures("each_store")
def test_an_older_table_does_not_win_against_what_was_entered_since(tmp_path: Path):
    with house(tmp_path) as here:
        entry = {"instrument": "pain-vas", "value": 5, "time": "2026-03-09", "timepoint": "t0"}
        Trial(here.line, lambda: None).enter("Observation", SUBJECT, entry)
        take(here, "observations", SCORES + f"{SUBJECT};pain-vas;3;2026-03-09;t0\n", at="2026-03-09T17:00:00+00:00")
        with here.line.store.read() as tx:
            (vas,) = records.of_subject(tx, SUBJECT, "Observation")
        assert vas.body["value"]["value"] == 5


@pytest.mark.usefixtures("each_store")
def test_sessions_of_a_table_have_their_scores(tmp_path: Path):
    row = f"{SUBJECT};S-01;partly;isometric-training;2026-03-09 10:00;2026-03-09 10:20;2;pain\n"
    with house(tmp_path) as here:
        take(here, "sessions", SESSIONS + row)
        with here.line.store.read() as tx:
            (session,) = records.of_subject(tx, SUBJECT, "ExerciseSession")
            scores = {one.key for one in records.of_subject(tx, SUBJECT, "Observation")}
        assert session.status == "stopped"
        assert scores == {f"{SUBJECT}/S-01/pain-vas/after", f"{SUBJECT}/S-01/exercise-minutes"}


@pytest.mark.usefixtures("each_store")
def test_rows_that_went_bad_are_held_with_line_and_words(tmp_path: Path):
    body = build(Rows("csv/observations", SUBJECT, ((17, {"instrument": "pain-vas", "value": "11"}),)))
    with house(tmp_path) as here:
        gone = build(Rows("csv/machines", SUBJECT, ()))
        ids = here.line.take(
            [Document("trial", one, "csv", "observations", f"C-{n}") for n, one in enumerate((body, gone))]
        )
        here.read_all()
        with here.line.store.read() as tx:
            first, second = (messages.get(tx, number) for number in ids)
        assert first is not None
        assert second is not None
        assert (first.state, first.reason) == ("held", "a row that is not valid")
        assert second.reason == "rows of a face that there is not"


@pytest.mark.usefixtures("each_store")
def test_an_import_stands_in_the_journal(tmp_path: Path):
    with house(tmp_path) as here:
        doings(here)["import done"](kind="observations", rows=3, wrong=1, at="2026-03-10T08:00:00+00:00", stored=1)
        with here.line.store.read() as tx:
            (entry,) = [one for one in journal.since(tx, 0) if one.action == "table imported"]
        assert entry.detail["rows"] == 3


GIVEN = "subject;key;status;day;dose;unit;machine;reason\n"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (f"{SUBJECT};F-1;given;2026-03-12;3;;LINAC 3;", "unit: a dose needs its unit, Gy or cGy"),
        (f"{SUBJECT};F-1;given;2026-03-12;three;Gy;LINAC 3;", "dose: 'three'"),
        (f"{SUBJECT};F-1;perhaps;2026-03-12;3;Gy;LINAC 3;", "'perhaps' is not"),
        (f"{SUBJECT};F-1;given;;3;Gy;LINAC 3;", "which fraction was it?"),
        (f"{SUBJECT};F-1;not given;2026-03-12;;;LINAC 3;", "reason: say why it was not given"),
        (f"{SUBJECT};F-1;given;2026-04-01;3;Gy;LINAC 3;", "2026-04-01 is in the future"),
    ],
)
def test_wrong_treatments(row: str, words: str):
    (one,) = told("treatments", row, header=GIVEN)
    assert words in one


def test_a_table_of_given_fractions_is_evidence_and_a_mended_row_takes_it_back(tmp_path: Path):
    with house(tmp_path, clock=SetClock(NOW)) as here:
        here.receive(siu())
        here.read_all()
        row = f"{SUBJECT};F-1;given;2026-03-12;3;Gy;Linac 3;\n"
        assert take(here, "treatments", GIVEN + row, "2026-03-13T08:00:00+00:00")["stored"] == 1
        here.read_all()
        (slot,) = here.records()
        assert slot.body["evidence"] == "evidenced"
        with here.line.store.read() as tx:
            (fraction,) = [one for one in records.page(tx, "Treatment") if one.key.startswith("fraction:")]
        assert (fraction.status, fraction.body["dose"]["value"]) == ("completed", 3)
        row = row.replace("given", "taken back")
        take(here, "treatments", GIVEN + row, "2026-03-14T08:00:00+00:00")
        here.read_all()
        assert here.records()[0].body["evidence"] == "scheduled"
