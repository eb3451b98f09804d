"""Notifications are keyed by their user and refer to nothing: what writing one costs is half of what it was.

Revision: 0006
Follows: 0005
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_constraint("fk_notifications_conversation_id_message_id_messages", "notifications", type_="foreignkey")
    op.drop_constraint("fk_notifications_user_id_users", "notifications", type_="foreignkey")
    op.drop_constraint("pk_notifications", "notifications", type_="primary")
    op.create_primary_key("pk_notifications", "notifications", ["user_id", "id"])
    op.create_unique_constraint(
        "uq_notifications_user_id_conversation_id_number", "notifications", ["user_id", "conversation_id", "number"]
    )
    op.drop_constraint("uq_notifications_conversation_id_seq_user_id", "notifications", type_="unique")
    op.drop_index("ix_notifications_place", "notifications")
    op.drop_index("ix_notifications_user_id", "notifications")


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
