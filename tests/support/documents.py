"""Validation against the API documents: every response and frame of every test passes through here."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from wasgo_chat.api_docs.asyncapi import asyncapi
from wasgo_chat.app import create_app
from wasgo_chat.settings.config import Settings

Json = dict[str, Any]
APP = create_app(Settings(database_url="postgresql://nobody@127.0.0.1/none", jwt_secret="x" * 40))
OPENAPI = APP.openapi()
ASYNCAPI = asyncapi()
PROBLEM = "application/problem+json"
# Responses that no operation lists: unsupported methods and internal errors.
_UNLISTED = {(405, "method_not_allowed"), (500, "internal_error")}


@cache
def validator(pointer: str, *, of_sockets: bool = False) -> jsonschema_rs.Validator:
    """The validator for a schema of a document, by its JSON pointer."""
    document = ASYNCAPI if of_sockets else OPENAPI
    schema: Json = {"$ref": f"#{pointer}", **document}
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def check_response(response: httpx.Response) -> None:
    """Assert that a response is documented: status, content type, schema, and for a problem its code."""
    method, path = response.request.method.lower(), response.request.url.raw_path.decode().partition("?")[0]
    where = _operation(path, method)
    if response.status_code >= 400:
        assert response.headers["content-type"] == PROBLEM, response.text
        problem = response.json()
        validator("/components/schemas/Problem").validate(problem)
        assert problem["status"] == response.status_code
        if where is None or (response.status_code, problem["code"]) in _UNLISTED:
            return
        responses = OPENAPI["paths"][where][method]["responses"]
        listed = responses.get(str(response.status_code), {}).get("content", {}).get(PROBLEM, {}).get("examples", {})
        assert problem["code"] in listed, f"{method} {where} does not list {response.status_code} {problem['code']}"
        return
    if where is None or method == "head":
        return
    responses = OPENAPI["paths"][where][method]["responses"]
    assert str(response.status_code) in responses, f"{method} {where} does not list {response.status_code}"
    if response.headers.get("content-type") == "application/json":
        pointer = ["paths", where, method, "responses", str(response.status_code), "content", "application/json"]
        validator("".join("/" + _escaped(part) for part in [*pointer, "schema"])).validate(response.json())


def check_frame(frame: Json) -> None:
    """Assert that a frame is documented in the AsyncAPI document, and that its type comes first."""
    assert next(iter(frame)) == "type", "gateway/frames/framing.py: frame_type relies on it"
    validator("/components/schemas/ServerFrame", of_sockets=True).validate(frame)


def _escaped(part: str) -> str:
    """Escape a part of a JSON pointer (RFC 6901) for a URI fragment."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _operation(path: str, method: str) -> str | None:
    return next((where for pattern, where in _patterns(method) if pattern.fullmatch(path)), None)


@cache
def _patterns(method: str) -> list[tuple[re.Pattern[str], str]]:
    """Paths that support a method, those with the fewest parameters first."""
    taken = [where for where, operations in OPENAPI["paths"].items() if method in operations]
    return [(_pattern(where), where) for where in sorted(taken, key=lambda where: where.count("{"))]


def _pattern(where: str) -> re.Pattern[str]:
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in _parts(where)))


def _parts(where: str) -> Iterator[str]:
    yield from re.split(r"(\{[^}]+\})", where)
