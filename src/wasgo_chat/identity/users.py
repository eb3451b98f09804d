"""The mirror of the platform's users: refreshed from token claims and by services, and who is revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import DateTime, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import RequestModel, ResponseModel, SingleLine, UserId, without_bidi
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.driver import PinnedConnection, fetch
from wasgo_chat.database.session import Base, Database, Tx
from wasgo_chat.identity.erased_users import reject_erased

NEVER_VALID_AGAIN = datetime.max.replace(tzinfo=UTC)
MIRRORED = ("username", "display_name", "avatar_url", "email", "locale", "is_staff")


class User(Base):
    """A user of the platform, as far as the chat knows."""

    __tablename__ = "users"
    __data_policy__ = (
        DataPolicy(
            "Id, names, address of the picture, e-mail, locale",
            exported="`profile.json`",
            erased="Cleared at once; the row is deleted at the end",
            kept="Until erased; updated by tokens and services",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str | None] = mapped_column(Text)
    avatar_url: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(Text)
    is_staff: Mapped[bool] = mapped_column(server_default="false")
    revoked_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class UserOut(ResponseModel):
    """A user as others see them."""

    id: str
    username: str
    display_name: str | None
    avatar_url: str | None


class PutUser(RequestModel):
    """What a service says of a user; what is left out stays as it was."""

    username: Annotated[SingleLine, Field(min_length=1, max_length=150)] | None = None
    display_name: Annotated[SingleLine, Field(max_length=200)] | None = None
    avatar_url: Annotated[SingleLine, Field(max_length=2000, pattern=r"^https?://")] | None = None
    email: Annotated[SingleLine, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    locale: Annotated[SingleLine, Field(max_length=35, pattern=r"^[A-Za-z0-9-]+$")] | None = None
    is_staff: bool | None = None


@dataclass(frozen=True, slots=True)
class UserRevoked:
    """Announced when a user's tokens from before a moment are refused; sockets that hold one close."""

    user_id: str


def user_shape(user_id: str, username: str, display_name: str | None, avatar_url: str | None) -> dict[str, Any]:
    """The `UserOut` of columns."""
    return {"id": user_id, "username": username, "display_name": display_name, "avatar_url": avatar_url}


async def find(tx: Tx, user_id: str) -> User | None:
    """The mirrored user, if there is one."""
    return (await tx.execute(select(User).where(User.id == user_id))).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class UserRecord:
    """What the mirror knows of a user, as a token is held against it."""

    id: str
    username: str
    display_name: str | None
    avatar_url: str | None
    email: str | None
    locale: str | None
    is_staff: bool
    revoked_before: datetime | None
    erased_at: datetime | None
    updated_at: datetime


USER_RECORD_COLUMNS = ", ".join(f"u.{field.name}" for field in fields(UserRecord))
"""Those of the table `users`, called `u`, in the order of `UserRecord`."""

_KNOWN = "SELECT COLUMNS FROM users u WHERE u.id = ANY($1::text[])".replace("COLUMNS", USER_RECORD_COLUMNS)


async def fetch_users(direct: PinnedConnection, user_ids: Sequence[str]) -> dict[str, UserRecord]:
    """Users by id, for `BatchLoader`."""
    return {record["id"]: UserRecord(**record) for record in await direct.fetch(_KNOWN, user_ids)}


async def upsert_users(tx: Tx, profiles: Mapping[UserId, Mapping[str, Any]]) -> None:
    """Insert unknown users and take the given fields over, in key order (so that two mirrors never deadlock).

    Args:
        tx: the transaction.
        profiles: by user id, the fields of `MIRRORED` to set; a user without a username is called by their id.

    Raises:
        UserErased: one of them was erased; nobody is brought back by a job that lags behind.
    """
    for user_id in sorted(profiles):
        given = normalise_profile(profiles[user_id])
        statement = insert(User).values({"id": user_id, "username": user_id, **given})
        if given:
            changed = {**given, "updated_at": func.now()}
            statement = statement.on_conflict_do_update(index_elements=[User.id], set_=changed)
        else:
            statement = statement.on_conflict_do_nothing()
        await tx.execute(statement)
    # Afterwards: an insert that had to wait for the end of an erasure sees it only then.
    await reject_erased(tx, profiles)


def normalise_profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields as they are kept.

    Names are shown amid other text and must not turn it round, so that nobody looks like somebody else.
    """
    given = {name: value for name, value in profile.items() if value is not None}
    for name in ("username", "display_name"):
        if name in given:
            given[name] = without_bidi(given[name]).strip() or "?"
    return given


async def revoke(tx: Tx, user_id: str) -> datetime:
    """Refuse every token of a user that was issued before now; returns that moment.

    Raises:
        UserErased: their tokens are refused for good.
    """
    statement = (
        insert(User)
        .values(id=user_id, username=user_id, revoked_before=func.clock_timestamp())
        .on_conflict_do_update(index_elements=[User.id], set_={"revoked_before": func.clock_timestamp()})
        .returning(User.revoked_before)
    )
    moment = (await tx.execute(statement)).scalar_one()
    await reject_erased(tx, [user_id])
    assert moment is not None  # noqa: S101  just set
    tx.after_commit(UserRevoked(user_id))
    return moment


_REVOKED = """
SELECT k.id, CASE WHEN u.id IS NULL OR u.erased_at IS NOT NULL THEN NULL ELSE u.revoked_before END AS moment
FROM unnest($1::text[]) AS k(id) LEFT JOIN users u ON u.id = k.id
WHERE u.id IS NULL OR u.erased_at IS NOT NULL OR u.revoked_before IS NOT NULL
"""


async def revoked_before(db: Database, user_ids: Sequence[str]) -> dict[str, datetime]:
    """Of these users, those with revoked tokens, and the moment; for who is erased, or is no more, it never comes.

    Raises:
        Unavailable: the database does not answer.
    """
    return {record["id"]: record["moment"] or NEVER_VALID_AGAIN for record in await fetch(db, _REVOKED, user_ids)}
