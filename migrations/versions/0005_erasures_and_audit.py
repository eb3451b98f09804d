"""Erasure of users, and the audit log.

Revision: 0005
Follows: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("users", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "erasures",
        sa.Column("user_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="words", nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("conversations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('words', 'names', 'done')", name=op.f("ck_erasures_state")),
        sa.CheckConstraint("(state = 'done') = (user_id IS NULL)", name=op.f("ck_erasures_forgotten")),
        sa.PrimaryKeyConstraint("user_hash", name=op.f("pk_erasures")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_erasures_pseudonym")),
    )
    op.create_index("ix_erasures_due", "erasures", ["due_at"], postgresql_where=sa.text("state <> 'done'"))
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_actor_id", "audit", ["actor_id", "id"])
    op.create_index("ix_audit_service", "audit", ["service", "id"])
    op.create_index("ix_audit_conversation_id", "audit", ["conversation_id", "id"])
    op.create_index("ix_audit_user_id", "audit", ["user_id"])
    # Indexes to find the rows of a user, and the references to a user's row.
    op.drop_index("ix_participants_user_id", table_name="participants", postgresql_where=sa.text("left_seq IS NULL"))
    op.create_index("ix_participants_user_id", "participants", ["user_id", "conversation_id"])
    op.drop_index("ix_reads_user_id", table_name="reads")
    op.create_index("ix_reads_user_id", "reads", ["user_id", "conversation_id"])
    op.create_index("ix_reactions_user_id", "reactions", ["user_id", "conversation_id"])
    op.create_index("ix_attachments_uploader_id", "attachments", ["uploader_id", "id"])
    op.create_index("ix_conversation_preferences_user_id", "conversation_preferences", ["user_id"])
    op.create_index("ix_deliveries_user_id", "deliveries", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_user_id", table_name="deliveries")
    op.drop_index("ix_conversation_preferences_user_id", table_name="conversation_preferences")
    op.drop_index("ix_attachments_uploader_id", table_name="attachments")
    op.drop_index("ix_reactions_user_id", table_name="reactions")
    op.drop_index("ix_reads_user_id", table_name="reads")
    op.create_index("ix_reads_user_id", "reads", ["conversation_id", "user_id"])
    op.drop_index("ix_participants_user_id", table_name="participants")
    op.create_index(
        "ix_participants_user_id",
        "participants",
        ["user_id", "conversation_id"],
        postgresql_where=sa.text("left_seq IS NULL"),
    )
    op.drop_table("audit")
    op.drop_table("erasures")
    op.drop_column("users", "erased_at")
