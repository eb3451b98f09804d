"""Every body that the OpenAPI document describes, and a scene to send good and bad ones into."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.documents import OPENAPI
from tests.support.world import Caller, Json, World

CANARY = "canary-7f3a"
DOCUMENT = OPENAPI


@dataclass(frozen=True)
class Field:
    """The location of a string in the body of one operation."""

    operation: str
    method: str
    path: str
    schema: str
    loc: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operation}:{'.'.join(self.loc)}"


def _resolved(schema: Json) -> Json:
    if "$ref" in schema:
        found: Json = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return found
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return _resolved(choice)
    return schema


def _strings(schema: Json, loc: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every location of a string in a schema; `[]` is an item, `*` the value and `key` the name of a free member."""
    schema = _resolved(schema)
    if schema.get("type") == "string":
        yield loc
    elif schema.get("type") == "array":
        yield from _strings(schema["items"], (*loc, "[]"))
    elif "properties" in schema:
        for name, part in schema["properties"].items():
            yield from _strings(part, (*loc, name))
    elif schema.get("type") == "object":
        yield (*loc, "*")
        yield (*loc, "key")


def _bodies() -> Iterator[tuple[str, str, str, str]]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
                yield operation["operationId"], method.upper(), path, name


BODIES = list(_bodies())
FIELDS = [
    Field(*body, loc) for body in BODIES for loc in _strings(DOCUMENT["components"]["schemas"][body[3]])
]  # fmt: skip
OF_SERVICES = ("put_", "send_system_message", "create_conversation")
OF_STAFF = "/chat/operators/"


@dataclass
class Scene:
    """An admin, a service, a staff user, and valid values for the fields of paths and bodies."""

    world: World
    ana: Caller
    ids: dict[str, str]
    valid: Json

    def caller(self, operation: str, path: str) -> Caller:
        if path.startswith(OF_STAFF):
            return self.world.person("staff", staff=True)
        return self.world.service if operation.startswith(OF_SERVICES) else self.ana

    def body(self, schema: str) -> Json:
        required = DOCUMENT["components"]["schemas"][schema].get("required", [])
        return {name: self.valid[name] for name in required}

    async def send(self, operation: str, method: str, path: str, content: bytes, **headers: str) -> Json:
        headers = {"content-type": "application/json", **headers}
        target = path.format(**self.ids)
        response = await self.caller(operation, path).call(method, target, content=content, headers=headers)
        assert CANARY not in response.text
        return {**(response.json() if response.content else {}), "status": response.status_code}


def put(scene: Scene, schema: Json, loc: tuple[str, ...], value: str) -> Any:
    """A valid value of a schema, with `value` at `loc`."""
    schema = _resolved(schema)
    if not loc:
        starts = {"^https?://": "https://", "^[^@\\s]+@[^@\\s]+$": "a@"}
        return starts.get(schema.get("pattern", ""), "") + value
    first, rest = loc[0], loc[1:]
    if first == "[]":
        return [put(scene, schema["items"], rest, value)]
    if first in ("*", "key"):
        return {"outer": [{"inner": value}]} if first == "*" else {"outer": {value: 1}}
    given = {name: scene.valid[name] for name in schema.get("required", [])}
    return {**given, first: put(scene, schema["properties"][first], rest, value)}
