"""Every route and every frame, for callers with and without permission; rejections reveal nothing.

A resource that the caller cannot access is indistinguishable from a missing one: the same bytes, after the same number
of queries.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.http.bodies import DOCUMENT
from tests.notifications.browser import Browser
from tests.notifications.notification_world import VAPID_KEY
from tests.security.expectations import FRAMES, OPERATIONS, PUBLIC, ROLES, STAFF, USER, Expected
from tests.support.workers import make_settings
from tests.support.world import Caller, Json, Person, World, count_queries, world_with
from wasgo_chat.gateway.commands import COMMANDS
from wasgo_chat.identity.tokens import SCOPES

Names = dict[str, Any]
OBJECTS = ("chat", "message", "message_2", "own", "doomed", "attachment", "notification", "bid", "job", "request",
           "dispute")  # fmt: skip
STRANGERS = ("stranger", "removed")


class Cast:
    """One conversation of each type with a user in every role, a stranger and a former member."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people = {name: world.person(name) for name in (*ROLES, *STRANGERS, "author")}
        self.names: Names = {}
        self.own: dict[str, str] = {}
        self.doomed: list[str] = []

    async def prepare(self) -> None:
        world, people = self.world, self.people
        inside = [{"user_id": person.id, "role": name} for name, person in people.items() if name in ROLES]
        inside += [{"user_id": people[name].id} for name in ("author", "removed")]
        inside += [{"user_id": self._extra(what, role)} for what in ("extra", "leaver") for role in (*ROLES, "service")]
        for plural, kind in (("bids", "bid"), ("requests", "request"), ("disputes", "dispute"), ("jobs", "job")):
            self.names[kind] = world.unique(kind)
            path = f"/{plural}/{self.names[kind]}/conversation/"
            chat = await world.service.ok("PUT", path, {"participants": inside}, status=201)
            leave = {"user_id": people["removed"].id}
            at = f"/chat/conversations/{chat['id']}/remove_participant/"
            await world.service.ok("POST", at, leave, status=204)
        self.names["chat"] = chat["id"]
        author = people["author"]
        for name in ("message", "message_2"):
            self.names[name] = (await author.send(chat))["id"]
        for role in ROLES[1:]:
            self.own[role] = (await people[role].send(chat))["id"]
        self.doomed = [(await author.send(chat))["id"] for _ in range(8)]
        files = [("files", ("a.txt", b"words"))]
        sent = await author.ok("POST", "/chat/messages/", data={"conversation": chat["id"]}, files=files, status=201)
        self.names["attachment"] = sent["attachments"][0]["id"]
        self.names["notification"] = str(uuid4())
        for person in people.values():  # the first request of a user takes one more query
            await person.ok("GET", "/chat/conversations/unread_counts/")

    def _extra(self, what: str, role: str) -> str:
        """A target user for each role."""
        return f"{what}-{role}-{self.people['author'].id}"

    def named(self, role: str) -> Names:
        browser = Browser("http://127.0.0.1:1").subscription
        more = {"new": self.world.unique("new"), "unknown": str(uuid4())}
        more["known"] = self.world.unique("known")
        more |= {what: self._extra(what, role) for what in ("extra", "leaver")}
        mine = {"own": self.own.get(role, self.names["message"]), "doomed": self.doomed[0]}
        return {**self.names, **mine, **more, "endpoint": browser["endpoint"], "keys": browser["keys"]}

    def unknown(self) -> Names:
        return {**self.named("admin"), **{name: str(uuid4()) for name in OBJECTS}}


@pytest.fixture(scope="module")
async def cast(database: str) -> AsyncIterator[Cast]:
    settings = make_settings(
        database,
        push_to_private_addresses=True,
        vapid_private_key=VAPID_KEY,
        vapid_subject="mailto:ops@wasgo.example",
        rate_push_subscriptions_per_minute=0,
        user_conversation_types=["direct", "support", "job"],
    )
    async with world_with(settings) as world:
        made = Cast(world)
        await made.prepare()
        yield made


def filled(value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        return {key: filled(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, names) for part in value]
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return names[value[1:-1]]
    return value.format(**names) if isinstance(value, str) else value


async def call(caller: Caller, expected: Expected, names: Names) -> httpx.Response:
    body = filled(expected.body, names)
    if "{known}" in str(expected.body):
        await caller.world.make_known(names["known"])
    if expected.form:
        files = {"file": ("a.txt", b"words")}
        return await caller.call(expected.method, expected.path.format(**names), data=body, files=files)
    return await caller.call(expected.method, expected.path.format(**names), body)


def test_every_route_is_in_the_matrix() -> None:
    documented = {
        operation["operationId"]: (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    assert documented.keys() == OPERATIONS.keys()
    for name, (method, path) in documented.items():
        expected = OPERATIONS[name]
        assert (expected.method, expected.path.count("/")) == (method, path.count("/")), name
        assert (expected.needs != PUBLIC) or expected.why, f"{name} is public without a reason"
    assert {command.type for command in COMMANDS} == FRAMES.keys()


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_without_a_token_there_is_no_access(cast: Cast, operation: str) -> None:
    expected = OPERATIONS[operation]
    anonymous = Caller(cast.world, None)
    known = await call(anonymous, expected, cast.named("admin"))
    unknown = await call(anonymous, expected, cast.unknown())
    if expected.needs == PUBLIC:
        assert known.status_code == expected.status, known.text
    else:
        assert (known.status_code, known.json()["code"]) == (401, "unauthenticated")
    assert known.content == unknown.content


@pytest.mark.parametrize("operation", [name for name, one in OPERATIONS.items() if one.names and one.needs != PUBLIC])
async def test_a_foreign_object_looks_like_a_missing_one(cast: Cast, operation: str) -> None:
    expected = OPERATIONS[operation]
    for name in STRANGERS:
        answers, counts = [], []
        for names in (cast.named("observer"), cast.unknown()):
            with count_queries(cast.world.worker, max=40) as seen:
                answers.append(await call(cast.people[name], expected, names))
            counts.append([statement.split(" WHERE ")[0] for statement in seen.statements])
        foreign, unknown = answers
        refusal = {None: (403, "scope_required"), STAFF: (403, "staff_required")}.get(
            expected.needs, (404, "not_found")
        )
        assert (foreign.status_code, foreign.json()["code"]) == refusal, foreign.text
        assert foreign.content == unknown.content
        assert foreign.headers.keys() == unknown.headers.keys()
        assert counts[0] == counts[1], f"{name}: {counts}"


@pytest.mark.parametrize("operation", [name for name, one in OPERATIONS.items() if one.needs in ROLES])
async def test_a_role_may_do_what_the_matrix_allows_and_no_more(cast: Cast, operation: str) -> None:
    expected = OPERATIONS[operation]
    for role in ROLES:
        response = await call(cast.people[role], expected, cast.named(role))
        if ROLES.index(role) < ROLES.index(str(expected.needs)) or (operation == "assign_staff" and role == "admin"):
            assert response.status_code in (403, 409), (role, response.text)
            assert response.json()["code"] in ("forbidden", "not_support"), (role, response.text)
        else:
            if response.status_code == 200 and expected.status == 201:
                assert response.json(), role
            assert response.status_code in (expected.status, 200), (role, response.text)
            if operation == "delete_message":
                cast.doomed.pop(0)


@pytest.mark.parametrize("operation", [name for name, one in OPERATIONS.items() if one.needs != PUBLIC])
async def test_a_service_needs_the_scope(cast: Cast, operation: str) -> None:
    expected = OPERATIONS[operation]
    needed = (expected.scope or "").split()
    for scopes in ([], *([scope for scope in SCOPES if scope != missing] for missing in needed or [""])):
        refused = await call(cast.world.make_service("other", *scopes), expected, cast.named("service"))
        if not (operation == "assign_staff" and scopes):  # it checks first whether this is a support conversation
            assert refused.status_code == 403, (scopes, refused.text)
            assert refused.json()["code"] in ("scope_required", "act_as_required", "forbidden", "staff_required")
    if needed:
        named = cast.named("service")
        response = await call(cast.world.make_service("other", *needed), expected, named)
        assert response.status_code == expected.status, response.text
        cast.doomed = cast.doomed[1:] if operation == "delete_message" else cast.doomed
    without = [scope for scope in SCOPES if scope != "chat:act_as"]
    acting = cast.world.make_service("other", *without).acting_as(cast.people["admin"])
    refused = await call(acting, expected, cast.named("service"))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_required"), refused.text


async def test_nobody_marks_the_notifications_of_others(cast: Cast) -> None:
    observer, author = cast.people["observer"], cast.people["author"]
    await author.send({"id": cast.names["chat"]}, "look", mentions=[observer.id])
    path = "/chat/notifications/"
    found: list[Json] = []
    while not found:
        found = (await observer.ok("GET", path))["results"]
    expected = OPERATIONS["mark_notification_read"]
    foreign = await call(cast.people["admin"], expected, {"notification": found[0]["id"]})
    unknown = await call(cast.people["admin"], expected, {"notification": str(uuid4())})
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert (await call(observer, expected, {"notification": found[0]["id"]})).status_code == 200


@pytest.mark.parametrize("operation", [name for name, one in OPERATIONS.items() if one.needs == USER])
async def test_personal_routes_are_open_to_any_user(cast: Cast, operation: str) -> None:
    expected = OPERATIONS[operation]
    response = await call(cast.people["stranger"], expected, cast.named("stranger"))
    assert response.status_code == expected.status, response.text
    assert cast.names["chat"] not in response.text


@pytest.mark.parametrize("operation", [name for name, one in OPERATIONS.items() if one.needs == STAFF])
async def test_operator_routes_are_open_to_staff_only(cast: Cast, operation: str) -> None:
    expected, world = OPERATIONS[operation], cast.world
    staff = world.person("operator", staff=True)
    assert (await call(staff, expected, cast.named("observer"))).status_code == expected.status
    for other in (*cast.people.values(), world.service, world.service.acting_as(staff)):
        refused = await call(other, expected, cast.named("observer"))
        assert (refused.status_code, refused.json()["code"]) == (403, "staff_required"), refused.text


async def _asked(person: Person, kind: str, fields: Json, *, follow: str | None = None) -> tuple[Json, list[str]]:
    async with person.connect(None) as live:
        if follow is not None:
            assert (await live.request("subscribe", conversation_id=follow))["type"] == "ack"
        with count_queries(person.world.worker, max=40) as seen:
            answer = await live.request(kind, **fields)
        return answer, [statement.split(" WHERE ")[0] for statement in seen.statements]


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_frame_about_a_foreign_object_looks_like_one_about_a_missing_one(cast: Cast, kind: str) -> None:
    for name in STRANGERS:
        answers = []
        for names in (cast.named("observer"), cast.unknown()):
            fields = filled(FRAMES[kind][1], {**names, "token": cast.people["author"].bearer})
            answers.append(await _asked(cast.people[name], kind, {**fields, "conversation_id": names["chat"]}))
        (foreign, asked), (unknown, asked_too) = answers
        foreign.pop("conversation_id", None), unknown.pop("conversation_id", None)
        assert foreign == unknown
        assert asked == asked_too
        assert (foreign["type"] == "ack") == (kind == "unsubscribe"), foreign


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_frame_needs_its_role(cast: Cast, kind: str) -> None:
    lowest, fields = FRAMES[kind]
    for role in ROLES:
        names = {**cast.named(role), "token": cast.people[role].bearer}
        chat = cast.names["chat"]
        given = {**filled(fields, names), "conversation_id": chat}
        answer, _ = await _asked(cast.people[role], kind, given, follow=chat)
        may = lowest not in ROLES or ROLES.index(role) >= ROLES.index(lowest)
        assert (answer["type"], answer.get("code")) == (("ack", None) if may else ("error", "forbidden")), (
            role,
            answer,
        )
        if kind == "delete_message" and may:
            cast.doomed.pop(0)


async def test_a_batch_with_one_foreign_id_is_rejected_as_a_whole(cast: Cast) -> None:
    world, author = cast.world, cast.people["author"]
    cy = world.person("cy")
    theirs = await cast.people["stranger"].direct(cy)
    foreign = (await cy.send(theirs))["id"]
    fresh = (await author.send({"id": cast.names["chat"]}))["id"]
    reader = cast.people["participant"]
    before = await reader.ok("GET", "/chat/conversations/unread_counts/")
    for wrong in (foreign, str(uuid4())):
        body = {"message_ids": [fresh, wrong]}
        await reader.refused("POST", "/chat/messages/mark_multiple_read/", body, status=404, code="not_found")
        async with reader.connect({"id": cast.names["chat"]}) as live:
            assert (await live.request("mark_read", **body))["code"] == "not_found"
        message = {"conversation": cast.names["chat"], "content": "hi"}
        for field, code in (("attachment_ids", "unknown_attachment"), ("mentions", "not_a_participant")):
            given = {**message, field: [wrong] if field == "attachment_ids" else [author.id, wrong]}
            refused = await reader.refused("POST", "/chat/messages/", given, status=422, code="invalid")
            assert refused["errors"][0]["code"] == code
        refused = await reader.refused(
            "POST", "/chat/messages/", {**message, "reply_to": wrong}, status=422, code="invalid"
        )
        assert refused["errors"][0]["code"] == "unknown_message"
    assert await reader.ok("GET", "/chat/conversations/unread_counts/") == before
    await reader.ok("POST", "/chat/messages/mark_multiple_read/", {"message_ids": [fresh]})


async def test_a_request_that_changes_nothing_reveals_nothing_to_a_service(cast: Cast) -> None:
    path = f"/chat/conversations/{cast.names['chat']}/"
    other = cast.world.make_service("other", "chat:moderate", "chat:system_message")
    await other.refused("PATCH", path, {}, status=403, code="scope_required")
