"""The mirror of the platform's users, updated from token claims and by services, with token revocation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import DateTime, Text, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import (
    RequestModel,
    ResponseModel,
    SingleLine,
    UserId,
    none_if_blank,
    strip_bidi_controls,
    strip_blank,
)
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.pinned import PinnedConnection, fetch
from wasgo_chat.database.session import Base, Database, Tx, any_of, values_table
from wasgo_chat.identity.erased_users import erased_among, reject_erased
from wasgo_chat.identity.tokens import EMAIL_PATTERN

NEVER_VALID_AGAIN = datetime.max.replace(tzinfo=UTC)
MIRRORED = ("username", "display_name", "avatar_url", "email", "locale", "is_staff")


class User(Base):
    """A user of the platform, as known to the chat."""

    __tablename__ = "users"
    __data_policy__ = (
        DataPolicy(
            "Id, names, address of the picture, e-mail, locale",
            exported="`profile.json`",
            erased="Cleared immediately; the row is deleted at the end",
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
    """The public profile of a user."""

    id: str
    username: str
    display_name: str | None
    avatar_url: str | None


_Removable = AfterValidator(none_if_blank)

Username = Annotated[Annotated[SingleLine, Field(max_length=150)] | None, _Removable]
DisplayName = Annotated[Annotated[SingleLine, Field(max_length=200)] | None, _Removable]


class PutUser(RequestModel):
    """Profile fields set by a service. Fields that are left out are unchanged; null or an empty string removes a value.

    Without a username, the user has the default one, which is the id; without `is_staff`, the user is no staff.
    """

    username: Username = None
    display_name: DisplayName = None
    avatar_url: Annotated[
        Annotated[SingleLine, Field(max_length=2000, pattern=r"^(https?://.*)?$")] | None, _Removable
    ] = None
    email: Annotated[Annotated[SingleLine, Field(max_length=320, pattern=f"^$|{EMAIL_PATTERN}")] | None, _Removable] = (
        None
    )
    locale: Annotated[Annotated[SingleLine, Field(max_length=35, pattern=r"^[A-Za-z0-9-]*$")] | None, _Removable] = None
    is_staff: bool | None = None


@dataclass(frozen=True, slots=True)
class UserRevoked:
    """Published when the tokens of a user have been revoked; sockets with such a token are closed."""

    user_id: str


def user_shape(user_id: str, username: str, display_name: str | None, avatar_url: str | None) -> dict[str, Any]:
    """A `UserOut` from columns."""
    return {"id": user_id, "username": username, "display_name": display_name, "avatar_url": avatar_url}


def stranger_shape(user_id: str) -> dict[str, Any]:
    """A `UserOut` that says nothing but the id, whether or not there is such a user."""
    return user_shape(user_id, user_id, None, None)


async def find(tx: Tx, user_id: str) -> User | None:
    """The mirrored user, if there is one."""
    return (await tx.execute(select(User).where(User.id == user_id))).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class UserRecord:
    """The mirror entry of a user, as needed for authentication."""

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
"""Columns of `users`, aliased as `u`, in the order of `UserRecord`."""

_BY_ID = f"SELECT {USER_RECORD_COLUMNS} FROM users u WHERE u.id = ANY($1::text[])"  # noqa: S608  fixed column names


async def fetch_users(direct: PinnedConnection, user_ids: Sequence[str]) -> dict[str, UserRecord]:
    """Users by id, as a `fetch` function of `BatchLoader`."""
    return {record["id"]: UserRecord(**record) for record in await direct.fetch(_BY_ID, user_ids)}


# The default `username` is the id. In key order, like every statement that locks several users.
_INSERT_MISSING = """
INSERT INTO users (id, username) SELECT k.id, k.id FROM unnest(CAST(:ids AS text[])) AS k(id) ORDER BY k.id
ON CONFLICT DO NOTHING
"""


async def upsert_users(tx: Tx, profiles: Mapping[UserId, Mapping[str, Any]]) -> None:
    """Insert or update users, in key order so that concurrent calls cannot deadlock.

    Args:
        tx: the transaction.
        profiles: fields of `MIRRORED` to set, by user id; None removes a value.

    Raises:
        UserErased: one of the users was erased; a delayed job must not restore an erased user.
    """
    stored = {user_id: normalise_profile(user_id, profile) for user_id, profile in profiles.items()}
    if len(stored) == 1:
        ((user_id, profile),) = stored.items()
        await _upsert_user(tx, user_id, profile)
    elif stored:
        await _upsert_many(tx, stored)
    # Checked last: an insert that waited for a concurrent erasure sees it only afterwards.
    await reject_erased(tx, profiles)


async def insert_named(tx: Tx, user_ids: Collection[UserId], *, by_service: bool) -> None:
    """Insert the missing ones of users whom a service or another user names.

    If a user names it, an erased id is accepted like an unknown one, because the answer must not tell them apart.
    Its row stands for no user: tokens with this id stay rejected, services cannot use it, and it gets no profile.

    Raises:
        UserErased: a service names an erased user.
    """
    if by_service:
        await upsert_users(tx, {user_id: {} for user_id in user_ids})
        return
    await tx.execute(text(_INSERT_MISSING), {"ids": sorted(user_ids)})
    if erased := await erased_among(tx, user_ids):
        is_new = any_of(User.id, erased) & User.erased_at.is_(None)
        await tx.execute(update(User).where(is_new).values(erased_at=func.now(), revoked_before=func.now()))


async def _upsert_user(tx: Tx, user_id: str, profile: dict[str, Any]) -> None:
    statement = insert(User).values({"id": user_id, "username": user_id, **profile})
    if profile:
        changed = {**profile, "updated_at": func.now()}
        statement = statement.on_conflict_do_update(index_elements=[User.id], set_=changed)
    else:
        statement = statement.on_conflict_do_nothing()
    await tx.execute(statement)


async def _upsert_many(tx: Tx, profiles: Mapping[str, dict[str, Any]]) -> None:
    """Upsert several users with a statement for each set of fields that profiles have, whatever their number."""
    await tx.execute(text(_INSERT_MISSING), {"ids": sorted(profiles)})
    by_fields: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for user_id, profile in profiles.items():
        if profile:
            by_fields.setdefault(tuple(sorted(profile)), []).append({"user_id": user_id, **profile})
    if not by_fields:
        return
    with_profile = [row["user_id"] for group in by_fields.values() for row in group]
    await tx.execute(
        select(User.id).where(any_of(User.id, with_profile)).order_by(User.id).with_for_update(key_share=True)
    )
    for names, group in by_fields.items():
        columns = {name: (User.__table__.c[name].type, [row[name] for row in group]) for name in names}
        given = values_table(user_id=(Text(), [row["user_id"] for row in group]), **columns)
        changed = {name: given.c[name] for name in names}
        statement = update(User).where(User.id == given.c.user_id).values({**changed, "updated_at": func.now()})
        await tx.execute(statement)


def normalise_profile(user_id: str, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a profile as they are stored: a username that is removed is the id, `is_staff` is False.

    Bidirectional control characters, and invisible ones at the ends, are removed from names: the former would reorder
    the surrounding text, and both could make one user look like another.
    """
    stored = dict(profile)
    for name in ("username", "display_name"):
        if stored.get(name) is not None:
            stored[name] = strip_blank(strip_bidi_controls(stored[name])) or None
    if "username" in stored:
        stored["username"] = stored["username"] or user_id
    if "is_staff" in stored:
        stored["is_staff"] = bool(stored["is_staff"])
    return stored


async def revoke(tx: Tx, user_id: str) -> datetime:
    """Revoke all tokens of a user that were issued before now, and return this time.

    Raises:
        UserErased: the user was erased; all tokens are already rejected.
    """
    statement = (
        insert(User)
        .values(id=user_id, username=user_id, revoked_before=func.clock_timestamp())
        .on_conflict_do_update(index_elements=[User.id], set_={"revoked_before": func.clock_timestamp()})
        .returning(User.revoked_before)
    )
    revoked_at = (await tx.execute(statement)).scalar_one()
    await reject_erased(tx, [user_id])
    assert revoked_at is not None  # noqa: S101  just set
    tx.after_commit(UserRevoked(user_id))
    return revoked_at


_REVOKED = """
SELECT k.id, CASE WHEN u.id IS NULL OR u.erased_at IS NOT NULL THEN NULL ELSE u.revoked_before END AS moment
FROM unnest($1::text[]) AS k(id) LEFT JOIN users u ON u.id = k.id
WHERE u.id IS NULL OR u.erased_at IS NOT NULL OR u.revoked_before IS NOT NULL
"""


async def revoked_before(db: Database, user_ids: Sequence[str]) -> dict[str, datetime]:
    """The revocation times of those of these users that have one. For erased or unknown users, `NEVER_VALID_AGAIN`.

    Raises:
        Unavailable: the database does not respond.
    """
    return {record["id"]: record["moment"] or NEVER_VALID_AGAIN for record in await fetch(db, _REVOKED, user_ids)}
