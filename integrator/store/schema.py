"""The tables, and the states of messages, owed rows and questions: declared here once, with their arrows.

Every time is BIGINT, microseconds since 1970 in UTC (`Instant` gives aware datetimes). No text has a length: SQLite
would not mind, PostgreSQL would refuse a sender's message for it. Columns marked `sealed` hold AES-256-GCM blobs of
integrator.security.keys; whose key opens them stands in the comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from integrator.store.columns import Instant, Json, Serial

HEAD = "0005"  # the newest migration; a test compares it with store/migrations

MESSAGE_STATES = {
    "received": ("merged", "unchanged", "superseded", "unwanted", "held"),  # stored and acknowledged; work waits
    "merged": ("received",),  # a claim of it won; `received` again by replay
    "unchanged": ("received",),  # said what was known
    "superseded": ("received",),  # no claim of it won
    "unwanted": ("received",),  # of nobody in the trial; read again when a participant is linked, else erased
    "held": ("received", "set aside"),  # a person must look; mended or replayed it is read again
    "set aside": ("received",),  # a person decided, with a reason
}
OWED_STATES = {
    "owed": ("delivered", "waiting", "refused", "owed"),  # to be written; again, with back-off
    "waiting": ("owed", "waiting", "delivered", "refused"),  # for what its reason names
    "delivered": ("owed", "waiting"),  # the target confirmed it; a change makes it owed again
    "refused": ("owed", "waiting"),  # the target said no for good; a change or a person makes it owed again
}
CHANGE_KINDS = ("merge", "rename", "link", "move", "unlink", "records", "undo")  # of what is said of hospital numbers
QUESTION_STATES = {"open": ("answered",), "answered": ("open",)}  # asked again when the cause comes again
OUTCOMES = ("merged", "unchanged", "superseded", "unwanted", "held")  # of a message for one record


def comes_from(states: Mapping[str, tuple[str, ...]], state: str) -> tuple[str, ...]:
    """The states that have an arrow to this one."""
    return tuple(before for before, after in states.items() if state in after)


def one_of(column: str, names: Iterable[str]) -> CheckConstraint:
    """The check constraint that follows from declared states."""
    listed = ", ".join(f"'{name}'" for name in names)
    return CheckConstraint(f"{column} in ({listed})", name=column)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

messages = Table(
    "messages",
    metadata,
    Column("id", Serial, primary_key=True),  # the receipt number, in order of receipt
    Column("source", Text, nullable=False),  # the [[source]] block
    Column("system", Text, nullable=False),  # the system whose claims it makes
    Column("control_id", Text, nullable=False),  # MSH-10
    Column("digest", LargeBinary, nullable=False),  # keyed SHA-256 of the bytes
    Column("sent_at", Text, nullable=False),  # MSH-7 as it was sent, or the as-of time
    Column("received_at", Instant, nullable=False),
    Column("source_time", Instant, nullable=False),
    Column("source_time_note", Text),  # "missing", "ahead of our clock": then it is the time of receipt
    Column("format", Text, nullable=False),  # hl7v2, ...
    Column("type", Text, nullable=False),  # SIU
    Column("event", Text, nullable=False),  # S12
    Column("version", Text, nullable=False),  # MSH-12
    Column("processing_id", Text, nullable=False),  # MSH-11: P, T, D
    Column("facility", Text, nullable=False),  # MSH-4
    Column("patient_index", LargeBinary),  # blind index of PID-3, once known
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why; a sentence without any value of the message
    Column("detail", LargeBinary),  # place and text of the reason, what nobody mapped; sealed with the data key
    Column("face", Text),  # hash of the face that read it
    Column("release", Text),  # of our software that read it
    Column("body", LargeBinary),  # the bytes, sealed with their own data key; null: erased
    Column("body_key", LargeBinary),  # the data key, wrapped; null: erased
    Column("body_key_of", Text),  # by whose key: "source:aria", later "patient:17"
    Column("size", Integer, nullable=False),  # bytes of the body in clear
    Column("answer", Text),  # the code we acknowledged with: AA, AE, AR
    Column("ack_wanted", Text),  # AL, ER, SU: an application acknowledgement is still to be sent; null: none
    Column("leased_until", Instant),
    Column("holder", Text),  # who works on it while it is leased
    Column("erase_at", Instant),  # when the body goes: set for the unwanted
    one_of("state", MESSAGE_STATES),
)
Index(None, messages.c.source, messages.c.control_id)  # twins
Index(None, messages.c.state, messages.c.id)  # leases and counts
_of_patient = messages.c.patient_index.is_not(None)
Index(None, messages.c.patient_index, messages.c.id, sqlite_where=_of_patient, postgresql_where=_of_patient)
_erasable = messages.c.erase_at.is_not(None)
Index(None, messages.c.erase_at, sqlite_where=_erasable, postgresql_where=_erasable)
_unacknowledged = messages.c.ack_wanted.is_not(None)
Index(None, messages.c.ack_wanted, messages.c.id, sqlite_where=_unacknowledged, postgresql_where=_unacknowledged)

records = Table(
    "records",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", Text, nullable=False),  # Appointment, ...; Patient: an empty anchor, its body is in `patients`
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),  # 1, 2, ...
    Column("body", Json, nullable=False),  # the winning fields; texts of persons are sealed with the patient's key
    Column("claims", Json, nullable=False),  # the latest claim of each system for each field; sealed alike
    Column("patient", LargeBinary),  # blind index of the number, as in messages.patient_index
    Column("study", Text),
    Column("subject", Text),
    Column("starts", Instant),
    Column("status", Text),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("kind", "key"),
)
Index(None, records.c.kind, records.c.id)
Index(None, records.c.kind, records.c.starts)
Index(None, records.c.patient)
Index(None, records.c.subject, records.c.starts)

record_versions = Table(
    "record_versions",
    metadata,
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Json, nullable=False),
    Column("changed", Json, nullable=False),  # list of the fields that differ from the version before
    Column("message_id", ForeignKey("messages.id")),  # what brought it
    Column("why", LargeBinary),  # sealed with the patient's key
    Column("at", Instant, nullable=False),
)

message_records = Table(
    "message_records",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("outcome", Text, nullable=False),
    one_of("outcome", OUTCOMES),
)
Index(None, message_records.c.record_id)

owed = Table(
    "owed",
    metadata,
    Column("target", Text, primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("face", Text, primary_key=True),  # the face's name
    Column("state", Text, nullable=False),
    Column("reason", Text),  # what it waits for, what the target said; no value of a person
    Column("due_at", Instant),  # when a worker may take it; null: not by itself
    Column("attempts", Integer, nullable=False),
    Column("since", Instant, nullable=False),  # since when it is in this state without a break
    Column("marks", Integer, nullable=False),  # how often merge marked it; one that grew during a write stays owed
    Column("digest", LargeBinary),  # of the record as the target last confirmed it
    Column("leased_until", Instant),
    Column("holder", Text),
    Column("answer", LargeBinary),  # the target's last answer, sealed with the patient's key
    Column("updated_at", Instant, nullable=False),
    one_of("state", OWED_STATES),
)
_due = owed.c.due_at.is_not(None)
Index(None, owed.c.due_at, sqlite_where=_due, postgresql_where=_due)
Index(None, owed.c.target, owed.c.due_at, sqlite_where=_due, postgresql_where=_due)
Index(None, owed.c.record_id)
Index(None, owed.c.state, owed.c.target)

target_ids = Table(
    "target_ids",
    metadata,
    Column("target", Text, primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("face", Text, primary_key=True),
    Column("resource_type", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("version_id", Text),  # theirs: ETag
    Column("digest", LargeBinary),  # of what we wrote
    Column("held", LargeBinary),  # what they held when we last agreed; sealed with the patient's key
    Column("at", Instant, nullable=False),
)
Index(None, target_ids.c.target, target_ids.c.resource_type, target_ids.c.resource_id)

patients = Table(
    "patients",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", LargeBinary),  # the patient's own key, wrapped by the master key; null: erased
    Column("body", LargeBinary),  # the Patient record, sealed whole with the patient's key
    Column("claims", LargeBinary),  # sealed alike
    Column("version", Integer, nullable=False),
    Column("erased_at", Instant),
)

patient_numbers = Table(
    "patient_numbers",
    metadata,
    Column("index", LargeBinary, primary_key=True),  # blind index of a number, or of an identifier as it was sent
    Column("patient_id", ForeignKey("patients.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the Identifier, sealed with the patient's key
)
Index(None, patient_numbers.c.patient_id)

identity_changes = Table(
    "identity_changes",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False),  # what said it; a person's undo is a message too
    Column("place", Integer, nullable=False),  # within the message: 0, 1, ...
    Column("kind", Text, nullable=False),
    Column("number", LargeBinary, nullable=False),  # blind index of the number that is retired, linked, moved
    Column("into", LargeBinary, nullable=False),  # of the number that it is now known by, or with
    Column("out_of", LargeBinary),  # move: of the person's number that it was wrongly
    Column("undoes", ForeignKey("identity_changes.id")),  # undo: the change that a person takes back
    Column("at", Instant, nullable=False),  # source time of the message
    UniqueConstraint("message_id", "place"),
    one_of("kind", CHANGE_KINDS),
)  # append-only: integrator/merging.py folds from it which numbers are one person's
for _name in ("number", "into", "out_of"):
    Index(None, identity_changes.c[_name])

participants = Table(
    "participants",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("study", Text, nullable=False),
    Column("subject", Text, nullable=False, unique=True),  # the pseudonym
    Column("arm", Text),
    Column("consent_from", Instant),
    Column("consent_until", Instant),  # withdrawn
    Column("scope", Text),  # of the withdrawal: intervention, collection, everything
    Column("number_index", LargeBinary, nullable=False, unique=True),
    Column("patient_id", ForeignKey("patients.id"), nullable=False),
    Column("number", LargeBinary, nullable=False),  # sealed with the patient's key
    Column("second", LargeBinary),  # second identifier; sealed alike
    Column("series", Text),  # SCH-4 of the trial's course, where it was said
    Column("added_at", Instant, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what is asked about, so that it is asked once
    Column("source", Text),
    Column("text", Text, nullable=False),  # without any value of a person
    Column("detail", LargeBinary),  # the values; sealed with the patient's key
    Column("record_id", ForeignKey("records.id")),
    Column("message_id", ForeignKey("messages.id")),
    Column("state", Text, nullable=False),
    Column("count", Integer, nullable=False),  # how often the cause came
    Column("at", Instant, nullable=False),  # when it came last
    UniqueConstraint("cause", "subject"),
    one_of("state", QUESTION_STATES),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),  # "line", "nurse", a system
    Column("role", Text),
    Column("action", Text, nullable=False),
    Column("object_kind", Text),
    Column("object_id", Text),
    Column("object_version", Integer),
    Column("message_id", BigInteger),
    Column("outcome", Text),
    Column("detail", Json),  # texts of persons in it are sealed
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the entry as stored; the sealer chains these in batches
)
Index(None, journal.c.object_kind, journal.c.object_id)

faces = Table(
    "faces",
    metadata,
    Column("hash", Text, primary_key=True),  # of the text
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
tallies = Table(
    "tallies",
    metadata,
    Column("source", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Instant, nullable=False),
)
facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),  # who the program is, in the journal
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the token, which nobody keeps
    Column("ending", Text, nullable=False),  # its last four characters, to tell tokens apart
    Column("made_at", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
)
