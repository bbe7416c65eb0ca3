"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers only a column declared INTEGER
INSTANT = sa.BigInteger()  # microseconds since 1970, UTC


def upgrade() -> None:
    op.create_table(
        "faces",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_faces")),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "journal",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text()),
        sa.Column("object_id", sa.Text()),
        sa.Column("object_version", sa.Integer()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_object_kind_object_id"), "journal", ["object_kind", "object_id"])
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "messages",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("source_time", INSTANT, nullable=False),
        sa.Column("source_time_note", sa.Text()),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("processing_id", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("patient_index", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", sa.LargeBinary()),
        sa.Column("face", sa.Text()),
        sa.Column("release", sa.Text()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("body_key", sa.LargeBinary()),
        sa.Column("body_key_of", sa.Text()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("ack_wanted", sa.Text()),
        sa.Column("leased_until", INSTANT),
        sa.Column("holder", sa.Text()),
        sa.Column("erase_at", INSTANT),
        sa.CheckConstraint(
            "state in ('received', 'merged', 'unchanged', 'superseded', 'unwanted', 'held', 'set aside')",
            name=op.f("ck_messages_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(
        op.f("ix_messages_ack_wanted_id"),
        "messages",
        ["ack_wanted", "id"],
        sqlite_where=sa.text("ack_wanted IS NOT NULL"),
        postgresql_where=sa.text("ack_wanted IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_messages_erase_at"),
        "messages",
        ["erase_at"],
        sqlite_where=sa.text("erase_at IS NOT NULL"),
        postgresql_where=sa.text("erase_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_messages_patient_index_id"),
        "messages",
        ["patient_index", "id"],
        sqlite_where=sa.text("patient_index IS NOT NULL"),
        postgresql_where=sa.text("patient_index IS NOT NULL"),
    )
    op.create_index(op.f("ix_messages_source_control_id"), "messages", ["source", "control_id"])
    op.create_index(op.f("ix_messages_state_id"), "messages", ["state", "id"])
    op.create_table(
        "patients",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("key", sa.LargeBinary()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("claims", sa.LargeBinary()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("erased_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
    )
    op.create_table(
        "records",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("patient", sa.LargeBinary()),
        sa.Column("study", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("starts", INSTANT),
        sa.Column("status", sa.Text()),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_records_kind_key")),
    )
    op.create_index(op.f("ix_records_kind_id"), "records", ["kind", "id"])
    op.create_index(op.f("ix_records_kind_starts"), "records", ["kind", "starts"])
    op.create_index(op.f("ix_records_patient"), "records", ["patient"])
    op.create_index(op.f("ix_records_subject_starts"), "records", ["subject", "starts"])
    op.create_table(
        "tallies",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "what", name=op.f("pk_tallies")),
    )
    op.create_table(
        "message_records",
        sa.Column("message_id", SERIAL, nullable=False),
        sa.Column("record_id", SERIAL, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome in ('merged', 'unchanged', 'superseded', 'unwanted', 'held')",
            name=op.f("ck_message_records_outcome"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_records_message_id")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_message_records_record_id")),
        sa.PrimaryKeyConstraint("message_id", "record_id", name=op.f("pk_message_records")),
    )
    op.create_index(op.f("ix_message_records_record_id"), "message_records", ["record_id"])
    op.create_table(
        "owed",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("record_id", SERIAL, nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("due_at", INSTANT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("leased_until", INSTANT),
        sa.Column("holder", sa.Text()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("state in ('owed', 'waiting', 'delivered', 'refused')", name=op.f("ck_owed_state")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_owed_record_id")),
        sa.PrimaryKeyConstraint("target", "record_id", "face", name=op.f("pk_owed")),
    )
    op.create_index(
        op.f("ix_owed_due_at"),
        "owed",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_owed_target_due_at"),
        "owed",
        ["target", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_owed_record_id"), "owed", ["record_id"])
    op.create_index(op.f("ix_owed_state_target"), "owed", ["state", "target"])
    op.create_table(
        "participants",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("study", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text()),
        sa.Column("consent_from", INSTANT),
        sa.Column("consent_until", INSTANT),
        sa.Column("scope", sa.Text()),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", SERIAL, nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("second", sa.LargeBinary()),
        sa.Column("series", sa.Text()),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_participants_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participants")),
        sa.UniqueConstraint("number_index", name=op.f("uq_participants_number_index")),
        sa.UniqueConstraint("subject", name=op.f("uq_participants_subject")),
    )
    op.create_table(
        "patient_numbers",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", SERIAL, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_patient_numbers_patient_id")),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_patient_numbers")),
    )
    op.create_index(op.f("ix_patient_numbers_patient_id"), "patient_numbers", ["patient_id"])
    op.create_table(
        "questions",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.LargeBinary()),
        sa.Column("record_id", SERIAL),
        sa.Column("message_id", SERIAL),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("state in ('open', 'answered')", name=op.f("ck_questions_state")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_questions_message_id")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_questions_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("cause", "subject", name=op.f("uq_questions_cause_subject")),
    )
    op.create_table(
        "record_versions",
        sa.Column("record_id", SERIAL, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("message_id", SERIAL),
        sa.Column("why", sa.LargeBinary()),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_record_versions_message_id")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_record_versions_record_id")),
        sa.PrimaryKeyConstraint("record_id", "version", name=op.f("pk_record_versions")),
    )
    op.create_table(
        "target_ids",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("record_id", SERIAL, nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("held", sa.LargeBinary()),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_target_ids_record_id")),
        sa.PrimaryKeyConstraint("target", "record_id", "face", name=op.f("pk_target_ids")),
    )
    op.create_index(
        op.f("ix_target_ids_target_resource_type_resource_id"), "target_ids", ["target", "resource_type", "resource_id"]
    )
