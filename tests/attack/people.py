"""Attacks on other people: strangers pulled into conversations, names that break things, presence of strangers."""

from typing import Any

from tests.attack.attack import Attacker, attack
from tests.attack.wire import Http
from wasgo_chat.core.encoding import new_id


@attack("abuse", "support conversations with 499 strangers", seconds=4)
async def strangers_in_support(attacker: Attacker) -> None:
    user = attacker.user()
    ids = [one.id for one in attacker.users(499, "crowd")]
    body = {"conversation_type": "support", "title": "Support: confirm your payment", "participant_ids": ids}
    roles = {
        "conversation_type": "support",
        "participants": [{"user_id": one, "role": "admin"} for one in ids[:250]],
        "reference": {"type": "job", "id": "job-of-a-victim"},
    }

    async def step(http: Http, lane: int) -> None:
        for one in (body, roles):
            answer = await attacker.ask(http, user, "POST", "/chat/conversations/", one)
            attacker.expect(answer.status != 201, "a user adds hundreds of strangers to a conversation")

    await attacker.repeat(2, step)


@attack("abuse", "a support conversation with a role, a reference or a moderator of the user's choice")
async def roles_in_support(attacker: Attacker) -> None:
    user, other = attacker.user(), attacker.user("other")
    bodies: list[dict[str, Any]] = [
        {"participants": [{"user_id": other.id, "role": "admin"}]},
        {"participants": [{"user_id": other.id, "role": "moderator"}]},
        {"reference": {"type": "job", "id": "job-of-a-victim"}},
    ]

    async def step(http: Http, lane: int) -> None:
        for body in bodies:
            answer = await attacker.ask(
                http, user, "POST", "/chat/conversations/", {"conversation_type": "support", **body}
            )
            attacker.expect(answer.status != 201, f"a user creates a support conversation with {sorted(body)}")

    await attacker.repeat(1, step)


@attack("abuse", "who left is added again, on four connections")
async def readding(attacker: Attacker) -> None:
    user, victim = attacker.user(), attacker.user("leaver")
    chat = ""

    async def step(http: Http, lane: int) -> None:
        nonlocal chat
        if not chat:
            body = {"conversation_type": "support", "participant_ids": [victim.id]}
            answer = await attacker.ask(http, user, "POST", "/chat/conversations/", body)
            if answer.status != 201:
                body = {"conversation_type": "direct", "participant_ids": [victim.id]}
                answer = await attacker.ask(http, user, "POST", "/chat/conversations/", body)
            chat = answer.json().get("id", "none")
        about = {"user_id": victim.id}
        left = await attacker.ask(http, victim, "POST", f"/chat/conversations/{chat}/remove_participant/", about)
        again = await attacker.ask(http, user, "POST", f"/chat/conversations/{chat}/add_participant/", about)
        is_again = left.status == 204 and again.status == 201
        attacker.expect(not is_again, "a user adds someone again who has left")

    await attacker.repeat(1, step)


@attack("abuse", "direct conversations with unknown users, on six connections")
async def direct_with_strangers(attacker: Attacker) -> None:
    user = attacker.user()

    async def step(http: Http, lane: int) -> None:
        body = {"conversation_type": "direct", "participant_ids": [f"unknown-{new_id()}"]}
        await attacker.ask(http, user, "POST", "/chat/conversations/", body)

    await attacker.repeat(6, step)


async def _stranger(attacker: Attacker) -> Any:
    other = attacker.user("stranger")
    http = Http(attacker.port)
    # A socket would make the stranger online; a request is enough to be known.
    await http.ask("GET", "/chat/conversations/", token=other.token)
    http.close()
    return attacker.user(), other


@attack("privacy", "a direct conversation with a stranger who never answers, then their presence", prepare=_stranger)
async def presence_of_a_stranger(attacker: Attacker) -> None:
    user, other = attacker.prepared
    async with attacker.socket("/ws/notifications/", other) as socket:
        await socket.receive()
        http = attacker.http()
        body = {"conversation_type": "direct", "participant_ids": [other.id]}
        await attacker.ask(http, user, "POST", "/chat/conversations/", body)
        answer = await attacker.ask(http, user, "GET", f"/chat/presence/?user_ids={other.id}")
        attacker.expect(b'"online":true' not in answer.body and b'"is_online":true' not in answer.body
                        and b'"status":"online"' not in answer.body, "a stranger sees who is online")  # fmt: skip


LINES = ("Deal\u2028x", "Deal\u2029x", "a\u0085b", "\u202edlrow", "a\u0000b", "\ufeff", "\U000e0041", "x" * 201)


@attack("abuse", "titles and names with line separators, bidirectional and other control characters")
async def strange_lines(attacker: Attacker) -> None:
    user = attacker.user()
    chat = await attacker.job([user.id], admin=user.id)
    http = attacker.http()
    for title in LINES:
        answer = await attacker.ask(http, user, "PATCH", f"/chat/conversations/{chat}/", {"title": title})
        is_break = any(char in title for char in "\u2028\u2029\u0085\0")
        attacker.expect(not is_break or answer.status == 422, f"a line break in a title: {title!a}")


@attack("denial", "support conversations, one after another, on four connections")
async def support_cases(attacker: Attacker) -> None:
    user = attacker.user()

    async def step(http: Http, lane: int) -> None:
        await attacker.ask(
            http, user, "POST", "/chat/conversations/create_support_conversation/", {"support_type": "x"}
        )

    await attacker.repeat(4, step)
