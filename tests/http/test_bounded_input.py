"""What one request may contain is limited in its schema, and so is what the response says about its errors."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.documents import ASYNCAPI, OPENAPI
from tests.support.world import Json, Person, World
from wasgo_chat.core.encoding import MAX_UNKNOWN_FIELDS
from wasgo_chat.core.errors import MAX_FIELD_ERRORS

CHATS, MESSAGES = "/chat/conversations/", "/chat/messages/"
_LIMITED_FORMATS = ("uuid", "date-time", "binary")


def _without_limit(document: Json, schema: Json, where: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every list, string and object with free keys in a schema that may be arbitrarily long."""
    if (reference := schema.get("$ref")) is not None:
        if reference not in seen:
            target: Any = document
            for part in reference.split("/")[1:]:
                target = target[part]
            yield from _without_limit(document, target, where, seen | {reference})
        return
    type_ = schema.get("type")
    is_limited = "maxLength" in schema or "enum" in schema or "const" in schema
    if type_ == "string" and not is_limited and schema.get("format") not in _LIMITED_FORMATS:
        yield f"{where}: a string without maxLength"
    if type_ == "array" and "maxItems" not in schema:
        yield f"{where}: an array without maxItems"
    free = schema.get("additionalProperties", False)
    if type_ == "object" and free is not False and "maxProperties" not in schema:
        yield f"{where}: an object without maxProperties"
    parts = {**schema.get("properties", {}), **({"*": free} if isinstance(free, dict) else {})}
    if isinstance(items := schema.get("items"), dict):
        parts["[]"] = items
    for name, part in parts.items():
        yield from _without_limit(document, part, f"{where}.{name}", seen)
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, []):
            yield from _without_limit(document, part, where, seen)


def test_every_part_of_a_request_has_a_maximum_length() -> None:
    found: list[str] = []
    for path, operations in OPENAPI["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {path}"
            for parameter in operation.get("parameters", []):
                found += _without_limit(OPENAPI, parameter["schema"], f"{name} {parameter['name']}")
            for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
                found += _without_limit(OPENAPI, body["schema"], f"{name} {media_type}")
    assert not found, "\n".join(found)


def test_every_part_of_a_client_frame_has_a_maximum_length() -> None:
    found = list(_without_limit(ASYNCAPI, {"$ref": "#/components/schemas/ClientFrame"}, "ClientFrame"))
    assert not found, "\n".join(found)


def test_the_search_for_missing_limits_finds_them() -> None:
    schema = {
        "type": "object",
        "properties": {
            "text": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "list": {"type": "array", "maxItems": 3, "items": {"type": "string"}},
            "free": {"type": "object", "additionalProperties": True},
            "all": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        },
    }
    assert len(list(_without_limit({}, schema, "body"))) == 4


def _ones(count: int) -> list[int]:
    return [1] * count


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{MESSAGES}mark_multiple_read/", {"message_ids": _ones(60_000)}),
        (f"{MESSAGES}mark_multiple_read/", {"message_ids": _ones(400)}),
        (CHATS, {"conversation_type": "direct", "participants": _ones(60_000)}),
        (CHATS, {"conversation_type": "direct", "participants": [{}] * 4_000}),
        (CHATS, {"conversation_type": "direct", "participants": [{str(n): n for n in range(9_000)}]}),
        (CHATS, {"conversation_type": "direct", "participant_ids": _ones(4_000)}),
        (MESSAGES, {f"{number:x}": 1 for number in range(10_000)}),
        (MESSAGES, {"metadata": {f"{number:x}": 1 for number in range(10_000)}}),
    ],
    ids=str,
)
async def test_an_invalid_body_gets_a_short_response_however_many_values_are_wrong(
    world: World, path: str, body: Json
) -> None:
    problem = await world.person("ana").refused("POST", path, body, status=422, code="invalid")
    assert len(problem["errors"]) <= MAX_FIELD_ERRORS
    assert len(json.dumps(problem)) < 8_192


async def test_the_first_errors_are_listed_and_the_response_says_that_there_are_more(world: World) -> None:
    ana = world.person("ana")
    body = {f"unknown_{number}": 1 for number in range(MAX_UNKNOWN_FIELDS)}
    problem = await ana.refused("POST", MESSAGES, {"content": 1, **body}, status=422, code="invalid")
    assert len(problem["errors"]) == MAX_FIELD_ERRORS
    assert problem["errors_omitted"] is True
    problem = await ana.refused("POST", MESSAGES, {"content": 1}, status=422, code="invalid")
    assert {tuple(error["loc"]) for error in problem["errors"]} == {("content",), ("conversation",)}
    assert "errors_omitted" not in problem


@pytest.fixture
async def ana(world: World) -> Person:
    return world.person("ana")


async def _in_chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 10_000):
        yield content[start : start + 10_000]


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "chunked"])
async def test_a_json_body_above_128_kib_is_413(ana: Person, is_chunked: bool) -> None:
    content = b'{"message_ids": [' + b" " * 131_072 + b"]}"
    response = await ana.call(
        "POST",
        f"{MESSAGES}mark_multiple_read/",
        content=_in_chunks(content) if is_chunked else content,
        headers={"content-type": "application/json"},
    )
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


async def test_the_largest_message_fits_into_a_body(world: World, ana: Person) -> None:
    chat = await ana.direct(world.person("bo"))
    metadata = {"text": "x" * 8_180}
    body = {"conversation": chat["id"], "content": "😀" * 10_000, "metadata": metadata, "client_id": "c" * 128}
    content = json.dumps(body).encode()  # an emoji is escaped as 12 bytes
    headers = {"content-type": "application/json"}
    assert (await ana.ok("POST", MESSAGES, content=content, headers=headers, status=201))["metadata"] == metadata


async def test_a_service_may_provision_500_participants_with_long_names(world: World) -> None:
    participants = [
        {"user_id": world.unique(f"user-{number}"), "username": "u" * 150, "display_name": "d" * 200}
        for number in range(500)
    ]
    path = f"/jobs/{world.unique('job')}/conversation/"
    made = await world.service.ok("PUT", path, {"participants": participants}, status=201, timeout=60)
    assert len(json.dumps({"participants": participants})) > 131_072
    assert len(made["participants"]) == 500
