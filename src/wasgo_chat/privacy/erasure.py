"""Erases users: what happens at once, and the steps of the rest. Each step is a short transaction.

First the content is erased, conversation by conversation (state `words`). Then, once requests that were running at the
beginning have ended, the id is replaced everywhere by a pseudonym (state `names`). Every step looks for what is left
instead of working through a list, so it can be repeated, and a crash costs only the current step.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from wasgo_chat.attachments import privacy as uploads
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.pinned import fetch
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events import log
from wasgo_chat.feature import PersonalData
from wasgo_chat.gateway import tickets
from wasgo_chat.http import idempotency
from wasgo_chat.identity import audit, users
from wasgo_chat.identity.audit import AuditRow
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.erased_users import Erasure, user_fingerprint
from wasgo_chat.identity.pseudonyms import ERASED_NAME, ErasedPerson
from wasgo_chat.identity.users import User
from wasgo_chat.membership import privacy as memberships
from wasgo_chat.messages import privacy as messages

EVENTS_PAGE = 5_000
UPLOADS_POLL_S = 1.0


class ErasureRequested:
    """Published after a commit that requested an erasure, so that this worker begins at once."""


async def request_erasure(tx: Tx, actor: Actor, user_id: str, features: Sequence[PersonalData]) -> Erasure:
    """Start the erasure of a user. From the commit on they are hidden and their tokens are rejected.

    Idempotent. An unknown id is recorded as well, so that a delayed job of the platform cannot create the user.
    """
    statement = select(Erasure).where(Erasure.user_hash == user_fingerprint(tx.settings, user_id))
    pseudonym = f"erased-{new_id().hex[-20:]}"
    values: dict[str, Any] = {
        "user_hash": user_fingerprint(tx.settings, user_id),
        "pseudonym": pseudonym,
        "user_id": user_id,
        "service": actor.service or "",
    }
    inserted = await tx.execute(insert(Erasure).values(values).on_conflict_do_nothing().returning(Erasure.pseudonym))
    if inserted.scalar_one_or_none() is not None:
        user = (await tx.execute(select(User).where(User.id == user_id).with_for_update())).scalar_one_or_none()
        names = [user.username, user.display_name, user.email, user.avatar_url] if user is not None else []
        await tx.execute(
            update(Erasure)
            .where(Erasure.pseudonym == pseudonym)
            .values(names=[name for name in names if name and name != user_id])
        )
        await tx.execute(insert(User).values(id=pseudonym, username=ERASED_NAME, erased_at=func.now()))
        await _clear_profile(tx, user_id)
        for feature in features:
            if feature.on_erasure_request is not None:
                await feature.on_erasure_request(tx, user_id)
        await tickets.delete_for_user(tx, user_id)
        await audit.record_action(tx, actor, "user_erased", user_id=pseudonym)
        tx.after_commit(users.UserRevoked(user_id))
        tx.after_commit(ErasureRequested())
    return (await tx.execute(statement)).scalar_one()


async def find(tx: Tx, user_id: str) -> Erasure:
    """The erasure of a user.

    Raises:
        NotFound: no erasure of this id was requested.
    """
    statement = select(Erasure).where(Erasure.user_hash == user_fingerprint(tx.settings, user_id))
    erasure = (await tx.execute(statement)).scalar_one_or_none()
    if erasure is None:
        raise NotFound
    return erasure


async def is_due(db: Database) -> bool:
    """Whether an erasure is due. Called every second, so it bypasses the layers of a transaction.

    Raises:
        Unavailable: the database does not respond.
    """
    return bool(await fetch(db, "SELECT FROM erasures WHERE state <> 'done' AND due_at <= clock_timestamp() LIMIT 1"))


async def claim(tx: Tx) -> Erasure | None:
    """Lock the next due erasure until the end of the transaction. Other workers skip it."""
    statement = (
        select(Erasure)
        .where(Erasure.state != "done", Erasure.due_at <= func.clock_timestamp())
        .order_by(Erasure.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def step(tx: Tx, erasure: Erasure, features: Sequence[PersonalData]) -> None:
    """Run one step of a claimed erasure."""
    person = ErasedPerson(erasure.user_id or "", erasure.pseudonym, erasure.names)
    is_in_conversation = erasure.number is not None
    conversation_id = await memberships.next_conversation(
        tx, person.user_id, erasure.conversation_id, again=is_in_conversation
    )
    if conversation_id is not None:
        is_new = conversation_id != erasure.conversation_id
        await _record(tx, erasure, await _in_conversation(tx, erasure, person, conversation_id, is_new=is_new))
    elif await _erase_feature_page(tx, features, person.user_id):
        return
    elif erasure.state == "words":
        # Requests that began before the tokens were rejected may still be running. A second pass finds what they wrote.
        settled_at = Erasure.requested_at + timedelta(seconds=tx.settings.erasure_settle_s)
        restart = {"conversation_id": None, "number": None, "due_at": func.greatest(settled_at, func.clock_timestamp())}
        await _record(tx, erasure, {"state": "names", **restart})
    else:
        await _finish(tx, erasure, person)


async def _erase_feature_page(tx: Tx, features: Sequence[PersonalData], user_id: str) -> bool:
    """Erase a page of each feature's rows. True if there may be more of one."""
    has_more = False
    for feature in features:
        if feature.erase_page is not None:
            has_more = await feature.erase_page(tx, user_id) or has_more
    return has_more


async def defer(tx: Tx, pseudonym: str, seconds: float) -> None:
    """Postpone an erasure whose step failed, so that others are processed first."""
    due_at = func.clock_timestamp() + timedelta(seconds=seconds)
    await tx.execute(update(Erasure).where(Erasure.pseudonym == pseudonym).values(due_at=due_at))


async def _in_conversation(
    tx: Tx, erasure: Erasure, person: ErasedPerson, conversation_id: UUID, *, is_new: bool
) -> dict[str, Any]:
    """Run one step in a conversation. Returns the new values of the erasure's progress."""
    actor = Actor(None, service=erasure.service)
    number = 0 if is_new else erasure.number or 0
    progress: dict[str, Any] = {"conversation_id": conversation_id, "seq": 0 if is_new else erasure.seq}
    await memberships.lock_conversation(tx, conversation_id)
    if is_new:
        await memberships.remove_erased_member(tx, actor, conversation_id, person)
        await messages.erase_system_message_revisions(tx, conversation_id)
    if number >= 0:
        following, erased = await messages.erase_page(tx, actor, conversation_id, person, number)
        # -1: all messages of the conversation are processed.
        return {**progress, "number": -1 if following is None else following, "messages": erasure.messages + erased}
    if await messages.erase_reactions(tx, actor, conversation_id, person):
        return {**progress, "number": -1}
    finished = {**progress, "number": None, "seq": 0, "conversations": erasure.conversations + 1}
    if erasure.state == "words":
        return finished
    if await messages.pseudonymize_reads(tx, conversation_id, person):
        return {**progress, "number": -1}
    names = (person.user_id, person.pseudonym)
    following = await log.pseudonymize(tx, conversation_id, *names, after_seq=progress["seq"], page=EVENTS_PAGE)
    if following is not None:
        return {**progress, "number": -1, "seq": following}
    await memberships.pseudonymize(tx, conversation_id, person)
    return {**finished, "conversations": erasure.conversations}


async def _finish(tx: Tx, erasure: Erasure, person: ErasedPerson) -> None:
    """Run the last step: erase what is left outside of conversations, then delete the user."""
    await tickets.delete_for_user(tx, person.user_id)
    await idempotency.delete_for_user(tx, person.user_id)
    for column in (AuditRow.actor_id, AuditRow.user_id):
        statement = update(AuditRow).where(column == person.user_id).values({column: person.pseudonym})
        await tx.execute(statement)
    if await uploads.release_uploads(tx, person.user_id):
        due_at = func.clock_timestamp() + timedelta(seconds=UPLOADS_POLL_S)
        await _record(tx, erasure, {"due_at": due_at})
        return
    if await messages.has_messages(tx, person) or not await _delete_user(tx, person.user_id):
        # A request has written something in the meantime: start again.
        await _record(tx, erasure, {"state": "words", "conversation_id": None, "number": None})
        return
    cleared: dict[str, Any] = {"user_id": None, "names": [], "conversation_id": None, "number": None}
    await _record(tx, erasure, {"state": "done", "done_at": func.clock_timestamp(), **cleared})


async def _delete_user(tx: Tx, user_id: str) -> bool:
    """Delete the user. False if a row still refers to them."""
    try:
        async with tx.begin_nested():
            await tx.execute(delete(User).where(User.id == user_id))
    except IntegrityError:
        return False
    return True


async def _clear_profile(tx: Tx, user_id: str) -> None:
    values: dict[str, Any] = dict.fromkeys(("display_name", "avatar_url", "email", "locale"))
    values |= {"username": ERASED_NAME, "is_staff": False, "erased_at": func.now(), "updated_at": func.now()}
    values["revoked_before"] = func.clock_timestamp()
    await tx.execute(update(User).where(User.id == user_id).values(values))


async def _record(tx: Tx, erasure: Erasure, values: dict[str, Any]) -> None:
    await tx.execute(update(Erasure).where(Erasure.user_hash == erasure.user_hash).values(values))
