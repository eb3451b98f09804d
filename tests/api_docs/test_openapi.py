"""The OpenAPI document: its names are stable, its examples are valid, and its requests work."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.notifications.notification_world import VAPID_KEY
from tests.support.documents import OPENAPI, PROBLEM, validator
from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, world_with
from wasgo_chat.api_docs.openapi_examples import ATTACHMENT, CHAT, FORM, MESSAGE, REQUESTS

OPERATIONS = [
    (path, method, operation) for path, methods in OPENAPI["paths"].items() for method, operation in methods.items()
]
REQUESTED = [
    pytest.param(method.upper(), path, media_type, example["value"], id=f"{operation['operationId']}: {name}")
    for path, method, operation in OPERATIONS
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    for name, example in content.get("examples", {}).items()
]
OF_SERVICES = re.compile(r"^/(bids|jobs|requests|disputes|chat/users)/|system_messages")


def pointer(*parts: str) -> str:
    escaped = (part.replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join("/" + part.replace("{", "%7B").replace("}", "%7D") for part in escaped)


def test_every_operation_has_a_unique_plain_name_one_tag_and_a_summary() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in OPENAPI["tags"]}
    for path, method, operation in OPERATIONS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), (method, path)
        assert len(operation["tags"]) == 1, (method, path)
        assert operation["tags"][0] in tags, (method, path)
        assert operation["summary"], (method, path)


def test_every_parameter_has_a_description() -> None:
    for path, method, operation in OPERATIONS:
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (method, path, parameter["name"])


def test_what_can_be_repeated_later_has_the_header_that_says_when() -> None:
    for path, method, operation in OPERATIONS:
        for status in ("429", "503"):
            if status in operation["responses"]:
                assert "Retry-After" in operation["responses"][status]["headers"], (method, path)


def test_every_body_has_a_valid_example() -> None:
    for path, method, operation in OPERATIONS:
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            assert content.get("examples"), (method, path, media_type)
            at = pointer("paths", path, method, "requestBody", "content", media_type, "schema")
            for example in content["examples"].values():
                validator(at).validate(example["value"])
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                if "example" in content:
                    at = pointer("paths", path, method, "responses", status, "content", media_type, "schema")
                    validator(at).validate(content["example"])
    for name, schema in OPENAPI["components"]["schemas"].items():
        for example in schema.get("examples", []):
            validator(f"/components/schemas/{name}").validate(example)


def test_every_problem_is_listed_under_its_own_status() -> None:
    examples = OPENAPI["components"]["examples"]
    for example in examples.values():
        validator("/components/schemas/Problem").validate(example["value"])
    for path, method, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            for code in content.get(PROBLEM, {}).get("examples", {}):
                assert examples[f"problem_{code}"]["value"]["status"] == int(status), (method, path, code)
            if int(status) >= 400 and operation["operationId"] != "get_readiness":
                assert content[PROBLEM]["examples"], (method, path, status)


def test_uploads_are_binary_for_generators() -> None:
    forms = {
        (path, method) for path, method, one in OPERATIONS if FORM in one.get("requestBody", {}).get("content", {})
    }
    assert forms == {("/chat/attachments/", "post"), ("/chat/messages/", "post")}
    assert all(_schema(path)["properties"].keys() & {"file", "files"} for path, _ in forms)
    assert _schema("/chat/attachments/")["properties"]["file"] == {"type": "string", "format": "binary"}
    assert _schema("/chat/messages/")["properties"]["files"]["items"] == {"type": "string", "format": "binary"}


@pytest.fixture(scope="module")
async def world(database: str) -> AsyncIterator[World]:
    """A world with web push: without it, a push subscription is rejected."""
    settings = make_settings(database, vapid_private_key=VAPID_KEY, vapid_subject="mailto:ops@wasgo.example")
    async with world_with(settings) as made:
        yield made


@pytest.mark.parametrize(("method", "path", "media_type", "body"), REQUESTED)
async def test_the_example_requests_work(world: World, method: str, path: str, media_type: str, body: Json) -> None:
    ana, bo, cy, dee, staff = world.people("ana", "bo", "cy", "dee", "staff")
    chat = await world.job(admin=ana, participant=bo, observer=cy)
    message = await ana.send(chat, "See you on Friday.", reply_to=None)
    if "assign" in path:
        chat = await _case(world, ana, staff)
        ana = staff
        staff = world.person("other", staff=True)
        await staff.ok("GET", "/chat/conversations/unread_counts/")
    living = {
        CHAT: chat["id"],
        MESSAGE: message["id"],
        "push.example": "8.8.8.8",
    }  # addresses are examples and are not requested
    if ATTACHMENT in str(body):
        files = {"file": ("notes.txt", b"notes")}
        form = {"conversation": chat["id"], "message_type": "file"}
        uploaded = await ana.ok("POST", "/chat/attachments/", data=form, files=files, status=201)
        living[ATTACHMENT] = uploaded["id"]
    for person in (ana, bo, cy, dee, staff):
        living[f'"{person.name}"'] = f'"{person.id}"'
    living['"staff"'] = f'"{staff.id}"'
    text = json.dumps(body, ensure_ascii=False)
    for known, live in living.items():
        text = text.replace(known, live)
    caller = world.service if OF_SERVICES.search(path) else ana
    if path.startswith("/chat/operators/"):
        caller = world.person("operator", staff=True)
    target = path.format(
        conversation_id=chat["id"], message_id=message["id"], user_id=cy.id, reference_id=world.unique("ref")
    )
    response = await caller.call(method, target, **_as_sent(json.loads(text), media_type))
    assert response.status_code < 300, response.text


async def _case(world: World, asker: Person, staff: Person) -> Json:
    """A support conversation assigned to `staff`."""
    body = {"user_id": staff.id, "role": "moderator"}
    asked = {"support_type": "technical", "title": "Login"}
    case: Json = await asker.ok("POST", "/chat/conversations/create_support_conversation/", asked, status=201)
    for person in case["participants"]:
        if person["role"] == "moderator":
            gone = {"user_id": person["user"]["id"]}
            await world.service.ok("POST", f"/chat/conversations/{case['id']}/remove_participant/", gone, status=204)
    await world.service.call("POST", f"/chat/conversations/{case['id']}/add_participant/", body)
    return case


def _as_sent(body: Json, media_type: str) -> dict[str, Any]:
    if media_type != FORM:
        return {"content": json.dumps(body).encode(), "headers": {"content-type": media_type}}
    names = ["file"] if "file" in body else ["files"] * len(body["files"])
    files = [(name, (f"{at}.txt", b"words")) for at, name in enumerate(names)]
    return {"data": {key: value for key, value in body.items() if key not in names}, "files": files}


def _schema(path: str) -> Json:
    found: Json = OPENAPI["paths"][path]["post"]["requestBody"]["content"][FORM]["schema"]
    return found


def test_every_example_belongs_to_an_existing_operation() -> None:
    there = {
        (operation["operationId"], media_type)
        for _, _, operation in OPERATIONS
        for media_type in operation.get("requestBody", {}).get("content", {})
    }
    assert set(REQUESTS) == there
