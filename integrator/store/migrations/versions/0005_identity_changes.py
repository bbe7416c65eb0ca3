"""The ledger of identity changes: merges, moves and renames of hospital numbers, and what took them back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"

INSTANT = sa.BigInteger()  # microseconds since 1970, UTC
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = ("merge", "rename", "link", "move", "unlink", "records", "undo")


def upgrade() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    op.create_table(
        "identity_changes",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("message_id", SERIAL, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("into", sa.LargeBinary(), nullable=False),
        sa.Column("out_of", sa.LargeBinary()),
        sa.Column("undoes", SERIAL),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(f"kind in ({kinds})", name=op.f("ck_identity_changes_kind")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_identity_changes_message_id")),
        sa.ForeignKeyConstraint(["undoes"], ["identity_changes.id"], name=op.f("fk_identity_changes_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_changes")),
        sa.UniqueConstraint("message_id", "place", name=op.f("uq_identity_changes_message_id_place")),
    )
    for name in ("number", "into", "out_of"):
        op.create_index(op.f(f"ix_identity_changes_{name}"), "identity_changes", [name])
