"""Erasing a person: what happens at once, and the steps of the rest. Each step is a short transaction.

What was said goes first, conversation by conversation (`words`). The id goes from the log and all else afterwards
(`names`), once what was under way when it began has ended. Every step finds what is still there rather than trusting a
list, so it may be repeated, and a crash costs the step that was under way.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from wasgo_chat.attachments import privacy as files
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.driver import fetch
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events import log
from wasgo_chat.gateway import tickets
from wasgo_chat.http import idempotency
from wasgo_chat.identity import audit, users
from wasgo_chat.identity.audit import AuditRow
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.erased_users import Erasure, user_fingerprint
from wasgo_chat.identity.pseudonyms import ERASED_NAME, ErasedPerson
from wasgo_chat.identity.users import User
from wasgo_chat.membership import privacy as places
from wasgo_chat.messages import privacy as words
from wasgo_chat.notifications import privacy as notices

EVENTS_PAGE = 5_000
WAIT_FOR_FILES_S = 1.0


class ErasureRequested:
    """Announced when an erasure was asked for: this worker can begin at once."""


async def request_erasure(tx: Tx, actor: Actor, user_id: str) -> Erasure:
    """Note that a person is to be erased; from the commit on they are nobody, and their tokens are refused.

    A second time changes nothing. An id that was never seen is noted too, so that a job that lags behind does not bring
    it in.
    """
    marked = select(Erasure).where(Erasure.user_hash == user_fingerprint(tx.settings, user_id))
    pseudonym = f"erased-{new_id().hex[-20:]}"
    values: dict[str, Any] = {
        "user_hash": user_fingerprint(tx.settings, user_id),
        "pseudonym": pseudonym,
        "user_id": user_id,
        "service": actor.service or "",
    }
    made = await tx.execute(insert(Erasure).values(values).on_conflict_do_nothing().returning(Erasure.pseudonym))
    if made.scalar_one_or_none() is not None:
        found = (await tx.execute(select(User).where(User.id == user_id).with_for_update())).scalar_one_or_none()
        names = [found.username, found.display_name, found.email, found.avatar_url] if found is not None else []
        await tx.execute(
            update(Erasure)
            .where(Erasure.pseudonym == pseudonym)
            .values(names=[name for name in names if name and name != user_id])
        )
        await tx.execute(insert(User).values(id=pseudonym, username=ERASED_NAME, erased_at=func.now()))
        await _blank(tx, user_id)
        await notices.unsubscribe_everywhere(tx, user_id)
        await tickets.delete_for_user(tx, user_id)
        await audit.record_action(tx, actor, "user_erased", user_id=pseudonym)
        tx.after_commit(users.UserRevoked(user_id))
        tx.after_commit(ErasureRequested())
    return (await tx.execute(marked)).scalar_one()


async def find(tx: Tx, user_id: str) -> Erasure:
    """How far an erasure has come.

    Raises:
        NotFound: that id was never erased.
    """
    statement = select(Erasure).where(Erasure.user_hash == user_fingerprint(tx.settings, user_id))
    found = (await tx.execute(statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def is_due(db: Database) -> bool:
    """Whether there is something to claim: asked every second, so without the layers of a transaction.

    Raises:
        Unavailable: the database does not answer.
    """
    return bool(await fetch(db, "SELECT FROM erasures WHERE state <> 'done' AND due_at <= clock_timestamp() LIMIT 1"))


async def claim(tx: Tx) -> Erasure | None:
    """The erasure that is due next, held until the end of the transaction; other workers take others."""
    statement = (
        select(Erasure)
        .where(Erasure.state != "done", Erasure.due_at <= func.clock_timestamp())
        .order_by(Erasure.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def step(tx: Tx, erasure: Erasure) -> None:
    """One step of a claimed erasure."""
    person = ErasedPerson(erasure.user_id or "", erasure.pseudonym, erasure.names)
    within = erasure.number is not None
    conversation_id = await places.next_conversation(tx, person.user_id, erasure.conversation_id, again=within)
    if conversation_id is not None:
        is_new = conversation_id != erasure.conversation_id
        await _record(tx, erasure, await _in_conversation(tx, erasure, person, conversation_id, is_new=is_new))
    elif await notices.erase_page(tx, person.user_id):
        return
    elif erasure.state == "words":
        # What began before the tokens were refused may still be under way: it is found in a second round.
        settled = Erasure.requested_at + timedelta(seconds=tx.settings.erasure_settle_s)
        again = {"conversation_id": None, "number": None, "due_at": func.greatest(settled, func.clock_timestamp())}
        await _record(tx, erasure, {"state": "names", **again})
    else:
        await _finish(tx, erasure, person)


async def defer(tx: Tx, pseudonym: str, seconds: float) -> None:
    """Try a step that failed again later, and others before it."""
    later = func.clock_timestamp() + timedelta(seconds=seconds)
    await tx.execute(update(Erasure).where(Erasure.pseudonym == pseudonym).values(due_at=later))


async def _in_conversation(
    tx: Tx, erasure: Erasure, person: ErasedPerson, conversation_id: UUID, *, is_new: bool
) -> dict[str, Any]:
    """One step in a conversation; how the cursor stands after it."""
    actor = Actor(None, service=erasure.service)
    number = 0 if is_new else erasure.number or 0
    here: dict[str, Any] = {"conversation_id": conversation_id, "seq": 0 if is_new else erasure.seq}
    await places.lock_conversation(tx, conversation_id)
    if is_new:
        await places.remove_erased_member(tx, actor, conversation_id, person)
        await words.erase_system_message_revisions(tx, conversation_id)
    if number >= 0:
        following, buried = await words.erase_page(tx, actor, conversation_id, person, number)
        # -1: its messages are through.
        return {**here, "number": -1 if following is None else following, "messages": erasure.messages + buried}
    if await words.erase_reactions(tx, actor, conversation_id, person):
        return {**here, "number": -1}
    through = {**here, "number": None, "seq": 0, "conversations": erasure.conversations + 1}
    if erasure.state == "words":
        return through
    if await words.pseudonymize_reads(tx, conversation_id, person):
        return {**here, "number": -1}
    names = (person.user_id, person.pseudonym)
    following = await log.pseudonymize(tx, conversation_id, *names, after_seq=here["seq"], page=EVENTS_PAGE)
    if following is not None:
        return {**here, "number": -1, "seq": following}
    await places.pseudonymize(tx, conversation_id, person)
    return {**through, "conversations": erasure.conversations}


async def _finish(tx: Tx, erasure: Erasure, person: ErasedPerson) -> None:
    """The last step: what is left beside conversations, and then the id itself."""
    await tickets.delete_for_user(tx, person.user_id)
    await idempotency.delete_for_user(tx, person.user_id)
    for column in (AuditRow.actor_id, AuditRow.user_id):
        renamed = update(AuditRow).where(column == person.user_id).values({column: person.pseudonym})
        await tx.execute(renamed)
    if await files.release_uploads(tx, person.user_id):
        later = func.clock_timestamp() + timedelta(seconds=WAIT_FOR_FILES_S)
        await _record(tx, erasure, {"due_at": later})
        return
    if await words.has_messages(tx, person.user_id) or not await _delete_user(tx, person.user_id):
        # Something of theirs came in meanwhile: round again.
        await _record(tx, erasure, {"state": "words", "conversation_id": None, "number": None})
        return
    cleared: dict[str, Any] = {"user_id": None, "names": [], "conversation_id": None, "number": None}
    await _record(tx, erasure, {"state": "done", "done_at": func.clock_timestamp(), **cleared})


async def _delete_user(tx: Tx, user_id: str) -> bool:
    """False where a row still names them."""
    try:
        async with tx.begin_nested():
            await tx.execute(delete(User).where(User.id == user_id))
    except IntegrityError:
        return False
    return True


async def _blank(tx: Tx, user_id: str) -> None:
    blank: dict[str, Any] = dict.fromkeys(("display_name", "avatar_url", "email", "locale"))
    blank |= {"username": ERASED_NAME, "is_staff": False, "erased_at": func.now(), "updated_at": func.now()}
    blank["revoked_before"] = func.clock_timestamp()
    await tx.execute(update(User).where(User.id == user_id).values(blank))


async def _record(tx: Tx, erasure: Erasure, values: dict[str, Any]) -> None:
    await tx.execute(update(Erasure).where(Erasure.user_hash == erasure.user_hash).values(values))
