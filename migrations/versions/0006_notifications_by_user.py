"""Key notifications by user and drop their foreign keys, which halves the cost of writing them.

Revision: 0006
Follows: 0005
"""

from collections.abc import Sequence

from alembic import op

from wasgo_chat.database.migrations import create_index_concurrently, drop_index_concurrently

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Each step may have run before: indexes are created outside of a transaction, and the migration may have failed.
    for foreign in ("fk_notifications_conversation_id_message_id_messages", "fk_notifications_user_id_users"):
        op.execute(f"ALTER TABLE notifications DROP CONSTRAINT IF EXISTS {foreign}")
    _take_over("uq_notifications_user_id_conversation_id_number", "UNIQUE", ["user_id", "conversation_id", "number"])
    _take_over("pk_notifications", "PRIMARY KEY", ["user_id", "id"])
    op.execute("ALTER TABLE notifications DROP CONSTRAINT IF EXISTS uq_notifications_conversation_id_seq_user_id")
    for index in ("ix_notifications_place", "ix_notifications_user_id"):
        drop_index_concurrently(index)


def _take_over(name: str, kind: str, columns: list[str]) -> None:
    """Replace a primary key by one of the same name, without blocking writes while its index is built."""
    op.execute(f"ALTER TABLE notifications DROP CONSTRAINT IF EXISTS {name}")
    create_index_concurrently(name, "notifications", columns, unique=True)
    op.execute(f"ALTER TABLE notifications ADD CONSTRAINT {name} {kind} USING INDEX {name}")


def downgrade() -> None:
    op.create_index("ix_notifications_user_id", "notifications", ["user_id", "id"])
    op.create_index("ix_notifications_place", "notifications", ["user_id", "conversation_id", "number"])
    op.create_unique_constraint(
        "uq_notifications_conversation_id_seq_user_id", "notifications", ["conversation_id", "seq", "user_id"]
    )
    op.drop_constraint("uq_notifications_user_id_conversation_id_number", "notifications", type_="unique")
    op.drop_constraint("pk_notifications", "notifications", type_="primary")
    op.create_primary_key("pk_notifications", "notifications", ["id"])
    op.create_foreign_key(
        "fk_notifications_user_id_users", "notifications", "users", ["user_id"], ["id"], ondelete="CASCADE"
    )
    op.create_foreign_key(
        "fk_notifications_conversation_id_message_id_messages",
        "notifications",
        "messages",
        ["conversation_id", "message_id"],
        ["conversation_id", "id"],
        ondelete="CASCADE",
    )
