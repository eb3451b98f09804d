"""The permission matrix: every command for every role, from the table of the specification."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.workers import Worker
from tests.support.world import Json, World
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

TABLE = """
| | observer | participant | moderator | admin | service (scope) |
|---|---|---|---|---|---|
| read, list, receive, be counted as reader | yes | yes | yes | yes | act_as |
| send, reply, react, type, upload | | yes | yes | yes | act_as |
| edit, delete own | | yes | yes | yes | act_as |
| delete others' | | | yes | yes | moderate |
| add and remove observers and participants | | | yes | yes | provision |
| add, remove, change moderators and admins; title, settings | | | | yes | provision |
| archive, unarchive for oneself | yes | yes | yes | yes | act_as |
| close, reopen (`PATCH status`) | | | yes | yes | provision |
| leave (remove oneself) | yes | yes | yes | not the last admin | |
"""
OPERATIONS: dict[str, list[tuple[str, str, str, Any, int]]] = {
    "read": [
        ("get_conversation", "GET", "/chat/conversations/{chat}/", None, 200),
        ("get_job_conversation", "GET", "/jobs/{job}/conversation/", None, 200),
        ("list_messages", "GET", "/chat/messages/?conversation={chat}", None, 200),
        ("get_message", "GET", "/chat/messages/{other}/", None, 200),
        ("read_events", "GET", "/chat/conversations/{chat}/events/", None, 200),
        ("list_receipts", "GET", "/chat/messages/{other}/receipts/", None, 200),
        ("mark_read", "POST", "/chat/messages/{other}/mark_read/", None, 200),
        ("mark_multiple_read", "POST", "/chat/messages/mark_multiple_read/", {"message_ids": ["{other}"]}, 200),
        ("mark_all_read", "POST", "/chat/conversations/{chat}/mark_read/", None, 200),
    ],
    "send": [
        ("send", "POST", "/chat/messages/", {"conversation": "{chat}", "content": "hi"}, 201),
        ("reply", "POST", "/chat/messages/", {"conversation": "{chat}", "content": "hi", "reply_to": "{other}"}, 201),
        ("react", "POST", "/chat/messages/{other}/react/", {"emoji": "👍"}, 200),
    ],
    "edit": [
        ("edit_own", "POST", "/chat/messages/{own}/edit/", {"content": "better"}, 200),
        ("delete_own", "POST", "/chat/messages/{own}/delete/", None, 200),
    ],
    "delete": [("delete_others", "POST", "/chat/messages/{other}/delete/", None, 200)],
    "add and": [
        ("add_observer", "POST", "{path}/add_participant/", {"user_id": "{new}", "role": "observer"}, 201),
        ("add_participant", "POST", "{path}/add_participant/", {"user_id": "{new}"}, 201),
        ("remove_observer", "POST", "{path}/remove_participant/", {"user_id": "{observer}"}, 204),
        ("remove_participant", "POST", "{path}/remove_participant/", {"user_id": "{participant}"}, 204),
        ("make_observer", "PATCH", "{path}/participants/{participant}/", {"role": "observer"}, 200),
    ],
    "add,": [
        ("add_moderator", "POST", "{path}/add_participant/", {"user_id": "{new}", "role": "moderator"}, 201),
        ("add_admin", "POST", "{path}/add_participant/", {"user_id": "{new}", "role": "admin"}, 201),
        ("remove_moderator", "POST", "{path}/remove_participant/", {"user_id": "{moderator}"}, 204),
        ("remove_admin", "POST", "{path}/remove_participant/", {"user_id": "{admin}"}, 204),
        ("promote", "PATCH", "{path}/participants/{participant}/", {"role": "moderator"}, 200),
        ("promote_oneself", "PATCH", "{path}/participants/{caller}/", {"role": "admin"}, 200),
        ("demote_moderator", "PATCH", "{path}/participants/{moderator}/", {"role": "observer"}, 200),
        ("demote_admin", "PATCH", "{path}/participants/{admin}/", {"role": "moderator"}, 200),
        ("set_title", "PATCH", "{path}/", {"title": "Walls"}, 200),
        ("set_metadata", "PATCH", "{path}/", {"metadata": {"a": 1}}, 200),
        ("set_settings", "PATCH", "{path}/", {"settings": {"a": 1}}, 200),
        ("set_title_and_close", "PATCH", "{path}/", {"title": "Walls", "status": "closed"}, 200),
    ],
    "archive": [
        ("archive", "POST", "{path}/archive/", None, 200),
        ("unarchive", "POST", "{path}/unarchive/", None, 200),
    ],
    "close": [
        ("close", "PATCH", "{path}/", {"status": "closed"}, 200),
        ("reopen", "PATCH", "{path}/", {"status": "open"}, 200),
    ],
    "leave": [("leave", "POST", "{path}/remove_participant/", {"user_id": "{caller}"}, 204)],
}
ROLES = ("observer", "participant", "moderator", "admin")


@dataclass(frozen=True)
class Case:
    operation: str
    method: str
    path: str
    body: Any
    status: int
    role: str
    code: str | None
    scopes: tuple[str, ...] | None = None
    acts: bool = False

    @property
    def present(self) -> str:
        """The role of the caller in the conversation, `none` or `removed`; services act for a participant."""
        return self.role if self.role in (*ROLES, "none", "removed") else "participant"


def _cases() -> list[Case]:
    found: list[Case] = []
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()[2:]]
    for row, *may, scope in lines:
        operations = next(listed for name, listed in OPERATIONS.items() if row.split("'")[0].startswith(name))
        for operation, method, path, body, status in operations:
            for role, cell in zip(ROLES, may, strict=True):
                found.append(Case(operation, method, path, body, status, role, None if cell else "forbidden"))
            found.append(Case(operation, method, path, body, 404, "none", "not_found"))
            found.append(Case(operation, method, path, body, 404, "removed", "not_found"))
            if scope:
                needed = f"chat:{scope}"
                others = tuple(other for other in SCOPES if other != needed)
                acts = scope == "act_as"
                with_scope = Case(operation, method, path, body, status, "service_with_scope", None, (needed,), acts)
                found += [
                    with_scope,
                    replace(with_scope, role="service_without_scope", code="scope_required", scopes=others),
                ]
                if acts:
                    unnamed = replace(with_scope, role="service_without_any", code="act_as_required", acts=False)
                    found.append(replace(unnamed, scopes=()))
                    if operation != "delete_own":  # not the caller's own: a moderator's deletion
                        found.append(replace(unnamed, role="service_in_its_own_name", scopes=SCOPES))
    return found


CASES = _cases()


@pytest.fixture(scope="module")
async def world(worker: Worker) -> AsyncIterator[World]:
    """One world for all tests, each with its own users."""
    made = World(worker)
    yield made
    await made.close()


class Scene:
    """A job conversation with all users, and a caller for each role in cases of one operation."""

    def __init__(self, world: World, *cases: Case) -> None:
        self.world = world
        self.case = cases[0]
        self.names = {name: world.unique(name) for name in ("new", "job", *ROLES)}
        self.callers = {case.present: world.unique("caller") for case in cases}
        self.own: dict[str, str] = {}

    async def prepare(self) -> None:
        writes = "{own}" in self.case.path
        people = [{"user_id": self.names[role], "role": role} for role in ROLES]
        callers = {role: caller for role, caller in self.callers.items() if role != "none"}
        for role, caller in callers.items():
            people.append({"user_id": caller, "role": "participant" if writes or role == "removed" else role})
        await self.world.make_known(self.names["new"])
        path = f"/jobs/{self.names['job']}/conversation/"
        chat = await self.world.service.ok("PUT", path, {"participants": people}, status=201)
        at = f"/chat/conversations/{chat['id']}"
        self.names.update(chat=chat["id"], path=at)
        self.names["other"] = await self._message(self.names["participant"])
        for role, caller in callers.items():
            if writes:
                self.own[role] = await self._message(caller)
                if role in ROLES and role != "participant":
                    await self.world.service.ok("PATCH", f"{at}/participants/{caller}/", {"role": role})
            if role == "removed":
                await self.world.service.ok("POST", f"{at}/remove_participant/", {"user_id": caller}, status=204)
        if self.case.operation == "reopen":
            await self.world.service.ok("PATCH", f"{at}/", {"status": "closed"})

    async def _message(self, user_id: str) -> str:
        body = {"conversation": self.names["chat"], "content": "hi"}
        headers = {"X-Act-As": user_id}
        message = await self.world.service.ok("POST", "/chat/messages/", body, status=201, headers=headers)
        return str(message["id"])

    async def call(self, case: Case, **changed: str) -> httpx.Response:
        caller, settings = self.callers[case.present], self.world.worker.settings
        names = {**self.names, "caller": caller, "own": self.own.get(case.present, self.names["other"]), **changed}
        if case.scopes is None:
            headers = {"Authorization": "Bearer " + mint_user(settings, caller, ttl_s=60)}
        else:
            headers = {"Authorization": "Bearer " + mint_service(settings, "other", list(case.scopes), ttl_s=60)}
            if case.acts:
                headers["X-Act-As"] = caller
        return await self.world.service.call(
            case.method, filled(case.path, names), filled(case.body, names), headers=headers
        )

    async def state(self) -> Json:
        headers = {"X-Act-As": self.names["observer"]}
        path = f"/chat/conversations/{self.names['chat']}/"
        seen: Json = await self.world.service.ok("GET", path, headers=headers)
        return seen


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, names) for part in value]
    return value.format(**names) if isinstance(value, str) else value


@pytest.mark.parametrize("operation", dict.fromkeys(case.operation for case in CASES))
async def test_the_permission_matrix_holds(world: World, operation: str) -> None:
    cases = [case for case in CASES if case.operation == operation]
    await _assert_rejected_without_effect(world, [case for case in cases if case.code is not None])
    for case in cases:
        if case.code is None:
            scene = Scene(world, case)
            await scene.prepare()
            response = await scene.call(case)
            assert response.status_code == case.status, (case, response.text)


async def _assert_rejected_without_effect(world: World, cases: list[Case]) -> None:
    scene = Scene(world, *cases)
    await scene.prepare()
    before = await scene.state()
    for case in cases:
        response = await scene.call(case)
        status = 404 if case.code == "not_found" else 403
        assert (response.status_code, response.json()["code"]) == (status, case.code), (case, response.text)
        assert await scene.state() == before, case
        if status == 404:
            unknown = {name: str(uuid4()) for name in ("chat", "other", "own")}
            unknown |= {"path": f"/chat/conversations/{uuid4()}", "job": secrets.token_hex(8)}
            assert (await scene.call(case, **unknown)).content == response.content, case


async def test_the_last_admin_can_neither_leave_nor_step_down(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, moderator=bo)
    path = f"/chat/conversations/{chat['id']}"
    leave = {"user_id": ana.id}
    await ana.refused("POST", f"{path}/remove_participant/", leave, status=403, code="last_admin")
    step_down = f"{path}/participants/{ana.id}/"
    await ana.refused("PATCH", step_down, {"role": "moderator"}, status=403, code="last_admin")
    await ana.ok("PATCH", f"{path}/participants/{bo.id}/", {"role": "admin"})
    await ana.ok("POST", f"{path}/remove_participant/", leave, status=204)
    await bo.refused("POST", f"{path}/remove_participant/", {"user_id": bo.id}, status=403, code="last_admin")
    await ana.refused("GET", f"{path}/", status=404, code="not_found")
