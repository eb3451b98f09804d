"""Socket tickets: credentials for one connection, valid for 30 seconds by default, bound to the user of a token.

Browsers cannot set headers on a WebSocket, and a token must not be in a query string. A redeemed ticket in a log is
worthless. Tickets are in PostgreSQL, so that any worker redeems them, exactly once.
"""

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import DateTime, Double, Index, LargeBinary, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.core.errors import Unauthenticated
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, Tx
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.tokens import Token

MAX_TICKET_CHARS = 100


class SocketTicket(Base):
    """A ticket that was not redeemed yet; only its hash is stored."""

    __tablename__ = "socket_tickets"
    __data_policy__ = (
        DataPolicy(
            "Socket tickets: a hash",
            exported="No: technical, and short-lived",
            erased="Deleted immediately",
            kept="`TICKET_TTL_S`, then until the next ticket deletes them",
        ),
    )
    __table_args__ = (Index("ix_socket_tickets_expires_at", "expires_at"),)

    ticket_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text)
    token_issued_at: Mapped[float] = mapped_column(Double)
    token_expires_at: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TicketOut(ResponseModel):
    """A ticket for `?ticket=`."""

    ticket: str
    expires_at: datetime


async def issue(tx: Tx, actor: Actor) -> dict[str, object]:
    """Issue a ticket for the caller, as `TicketOut`. Also deletes some expired tickets."""
    ticket = secrets.token_urlsafe(32)
    expires_at = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, tx.settings.ticket_ttl_s)
    statement = insert(SocketTicket).values(
        ticket_hash=_hash(ticket),
        user_id=actor.require_user(),
        token_issued_at=actor.issued_at,
        token_expires_at=actor.expires_at,
        expires_at=expires_at,
    )
    expiry: datetime = (await tx.execute(statement.returning(SocketTicket.expires_at))).scalar_one()
    expired = select(SocketTicket.ticket_hash).where(SocketTicket.expires_at < func.now()).limit(20)
    await tx.execute(
        delete(SocketTicket).where(SocketTicket.ticket_hash.in_(expired.with_for_update(skip_locked=True)))
    )
    return {"ticket": ticket, "expires_at": expiry.astimezone(UTC)}


async def redeem(tx: Tx, ticket: str) -> Token:
    """Redeem a ticket. Returns the token it stands for; the caller checks whether that is revoked.

    Raises:
        Unauthenticated: the ticket is unknown, was redeemed, or has expired.
    """
    if not ticket.isascii() or len(ticket) > MAX_TICKET_CHARS:
        raise Unauthenticated("The ticket is invalid or has expired; request a new one")
    statement = delete(SocketTicket).where(SocketTicket.ticket_hash == _hash(ticket))
    returning = statement.returning(
        SocketTicket.user_id,
        SocketTicket.token_issued_at,
        SocketTicket.token_expires_at,
        (SocketTicket.expires_at > func.clock_timestamp()).label("is_valid"),
    )
    row = (await tx.execute(returning)).one_or_none()
    if row is None or not row.is_valid:
        raise Unauthenticated("The ticket is invalid or has expired; request a new one")
    return Token("user", row.user_id, issued_at=row.token_issued_at, expires_at=row.token_expires_at)


async def delete_for_user(tx: Tx, user_id: str) -> None:
    """Delete the tickets of a user."""
    await tx.execute(delete(SocketTicket).where(SocketTicket.user_id == user_id))


def _hash(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
