"""The OpenAPI document: what FastAPI makes of the routes, and what it cannot know of them.

Shapes and problems are said at the routes; examples are in `api_docs.openapi_examples`.
"""

from json import dumps
from typing import Any

from fastapi import FastAPI

from wasgo_chat.api_docs import openapi_examples
from wasgo_chat.api_docs.schema_names import with_schema_names
from wasgo_chat.core.errors import PROBLEM_JSON
from wasgo_chat.http.problems import Problem, problem_examples, problem_response

DESCRIPTION = """The chat of a marketplace.

Identity, files, notifications, error codes and staying in sync are explained in `docs/protocol.md`; the sockets are
described by `/asyncapi.json`."""

TAGS = {
    "conversations": "Conversations, their members, what is unread, the log.",
    "messages": "Messages, reactions, receipts.",
    "attachments": "Files, at links that expire.",
    "notifications": "Who is told of a message, where and when.",
    "support": "Cases of support, and handing them on.",
    "presence": "Who is online.",
    "sockets": "Tickets for the sockets.",
    "integrations": "For the platform's services: conversations about its objects, system messages.",
    "users": "For the platform's services: the mirror of its users.",
    "operators": "For the platform's staff: everybody's conversations, dead letters, figures.",
    "audit": "For the platform's services: who did what.",
    "health": "For whoever runs the service.",
}

_BY_REQUEST_BODY = ("400", "413", "415")
_UNAUTHENTICATED: list[dict[str, list[str]]] = []


def describe(app: FastAPI) -> None:
    """Let an app give the finished document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = postprocess(with_schema_names(made()))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def postprocess(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with problems, examples and tags."""
    document["info"]["description"] = DESCRIPTION
    document["servers"] = [{"url": "/"}]
    components = document["components"]
    _add_problem(components["schemas"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _correct_problems(path, operation)
            operation.setdefault("security", _UNAUTHENTICATED)
            _add_examples(operation)
    components["examples"] = {
        f"problem_{code}": {"value": body}
        for code, body in problem_examples().items()
        if f'"#/components/examples/problem_{code}"' in dumps(document["paths"])
    }
    for name, example in openapi_examples.SHAPES.items():
        if (schema := components["schemas"].get(name)) is not None:  # absent where a feature is off
            schema["examples"] = [example]
    used = {tag for operations in document["paths"].values() for one in operations.values() for tag in one["tags"]}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return document


def _add_problem(schemas: dict[str, Any]) -> None:
    """Put `Problem` in, and take out the validation error that is never sent."""
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    in_order = sorted(schemas.items())
    schemas.clear()
    schemas.update(in_order)


def _correct_problems(path: str, operation: dict[str, Any]) -> None:
    """Which problems there are depends on what an operation takes, and FastAPI adds its own 422."""
    responses = operation["responses"]
    takes = operation.get("requestBody", {}).get("content", {})
    named = {one["in"]: one for one in operation.get("parameters", [])}
    if not takes:
        for status in _BY_REQUEST_BODY:
            responses.pop(status, None)
    elif "application/json" in takes:
        responses.setdefault("415", problem_response(415, ["unsupported_media_type"]))
    if "{" in path:
        responses.setdefault("404", problem_response(404, ["not_found"]))
    if "HTTPValidationError" in str(responses.get("422")):
        responses["422"] = problem_response(422, ["invalid"])
    if "422" in responses and not takes and not {"query", "header"} & named.keys():
        del responses["422"]  # what cannot be an id in a path names nothing: 404
    operation["responses"] = dict(sorted(responses.items()))


def _add_examples(operation: dict[str, Any]) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        found = openapi_examples.REQUESTS.get((operation["operationId"], media_type))
        if found:
            content["examples"] = {name: {"value": value} for name, value in found.items()}
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if media_type == PROBLEM_JSON or not status.startswith("2"):
                continue
            if (value := openapi_examples.ANSWERS.get(operation["operationId"])) is not None:
                content["example"] = value
