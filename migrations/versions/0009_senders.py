"""Drop the foreign key from messages to users: the membership covers it, and the check locked the user's row.

Revision: 0009
Follows: 0008
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE messages DROP CONSTRAINT IF EXISTS fk_messages_sender_id_users")


def downgrade() -> None:
    op.create_foreign_key("fk_messages_sender_id_users", "messages", "users", ["sender_id"], ["id"])
