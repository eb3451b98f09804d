"""Completes FastAPI's OpenAPI document with problems, examples and tags.

Schemas and problems are declared at the routes, examples in `openapi_examples`.
"""

from json import dumps
from typing import Any

from fastapi import FastAPI

from wasgo_chat.api_docs import openapi_examples
from wasgo_chat.api_docs.schema_names import with_schema_names
from wasgo_chat.api_docs.webhooks import WEBHOOKS
from wasgo_chat.core.errors import PROBLEM_JSON
from wasgo_chat.http.problems import Problem, problem_examples, problem_response

DESCRIPTION = """HTTP API of the chat service of a marketplace.

`docs/protocol.md` explains authentication, files, notifications, error codes and synchronization. `/asyncapi.json`
describes the WebSocket API."""

TAGS = {
    "conversations": "Conversations, participants, unread counts and the event log.",
    "messages": "Messages, reactions and read receipts.",
    "attachments": "File attachments with expiring download links.",
    "notifications": "Notifications, their preferences and push subscriptions.",
    "support": "Support cases and their assignment.",
    "presence": "Online status of users.",
    "sockets": "Tickets to open WebSocket connections.",
    "integrations": "For services of the platform: conversations about its objects, and system messages.",
    "users": "For services of the platform: mirrored users, revocation, erasure and export.",
    "operators": "For staff users: inspection of all conversations, dead deliveries and metrics.",
    "audit": "For services of the platform: the audit log.",
    "health": "For operators: liveness and readiness.",
}

PARAMETERS = {
    "archived": "True for conversations that the caller has archived, false for the others.",
    "attachment_id": "Id of the attachment.",
    "before_seq": "Only what is before this position in the log.",
    "channel": "Only deliveries by this channel.",
    "conversation": "Id of the conversation.",
    "conversation_id": "Id of the conversation.",
    "conversation_type": "Only conversations of this type.",
    "cursor": "`next` of the previous page; without it, the first page.",
    "delivery_id": "Id of the delivery.",
    "expires": "From the link: when it expires, in Unix seconds.",
    "message_id": "Id of the message.",
    "message_type": "Only messages of this type.",
    "notification_id": "Id of the notification.",
    "reference_id": "Only the conversation about the object with this id; with `reference_type`.",
    "reference_type": "Only conversations about objects of this type.",
    "sender": "Only messages of the user with this id.",
    "signature": "From the link: the signature of the service.",
    "state": "Only those in this state.",
    "status": "Only those with this status.",
    "title": "Only conversations whose title contains this text.",
    "unread": "True for what the caller has not read, false for the rest.",
    "user_id": "Id of the user at the platform.",
    "variant": "The file itself or its thumbnail.",
}
"""Descriptions of parameters that do not have one at their route."""

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait before a repetition.", "schema": {"type": "integer", "minimum": 1}}
}
_RETRIED = ("429", "503")
_BY_REQUEST_BODY = ("400", "413", "415")
_UNAUTHENTICATED: list[dict[str, list[str]]] = []


def describe(app: FastAPI, server: str) -> None:
    """Make an app return the completed document, with this URL of the server, relative to the document's."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = postprocess(with_schema_names(generate()), server)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def postprocess(document: dict[str, Any], server: str = "/") -> dict[str, Any]:
    """Add problems, examples and tags to FastAPI's document."""
    document["info"]["description"] = DESCRIPTION
    document["servers"] = [{"url": server}]
    components = document["components"]
    _add_problem(components["schemas"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _correct_problems(path, operation)
            operation.setdefault("security", _UNAUTHENTICATED)
            _describe_parts(operation)
            _add_examples(operation)
    paths = dumps(document["paths"])
    components["examples"] = {
        f"problem_{code}": {"value": body}
        for code, body in problem_examples().items()
        if f'"#/components/examples/problem_{code}"' in paths
    }
    for name, example in openapi_examples.SHAPES.items():
        if (schema := components["schemas"].get(name)) is not None:  # absent where a feature is off
            schema["examples"] = [example]
    used = {
        tag
        for operations in document["paths"].values()
        for operation in operations.values()
        for tag in operation["tags"]
    }
    if "notifications" in used:
        document["webhooks"] = WEBHOOKS
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return document


def _add_problem(schemas: dict[str, Any]) -> None:
    """Add the schema `Problem`, and remove FastAPI's validation error, which is never sent."""
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    in_order = sorted(schemas.items())
    schemas.clear()
    schemas.update(in_order)


def _correct_problems(path: str, operation: dict[str, Any]) -> None:
    """Adjust the problems of an operation to its body and parameters, and replace FastAPI's 422."""
    responses = operation["responses"]
    body = operation.get("requestBody", {}).get("content", {})
    locations = {parameter["in"] for parameter in operation.get("parameters", [])}
    if not body:
        for status in _BY_REQUEST_BODY:
            responses.pop(status, None)
    elif "application/json" in body:
        responses.setdefault("415", problem_response(415, ["unsupported_media_type"]))
    if "{" in path:
        responses.setdefault("404", problem_response(404, ["not_found"]))
    if "HTTPValidationError" in str(responses.get("422")):
        responses["422"] = problem_response(422, ["invalid"])
    if "422" in responses and not body and not {"query", "header"} & locations:
        del responses["422"]  # a malformed id in the path is a 404
    operation["responses"] = dict(sorted(responses.items()))


def _describe_parts(operation: dict[str, Any]) -> None:
    """Describe parameters, and the header of responses that invite a repetition."""
    for parameter in operation.get("parameters", []):
        if "description" not in parameter and parameter["name"] in PARAMETERS:
            parameter["description"] = PARAMETERS[parameter["name"]]
    for status in _RETRIED:
        if status in operation["responses"]:
            operation["responses"][status].setdefault("headers", _RETRY_AFTER)


def _add_examples(operation: dict[str, Any]) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        requests = openapi_examples.REQUESTS.get((operation["operationId"], media_type))
        if requests:
            content["examples"] = {name: {"value": value} for name, value in requests.items()}
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if media_type == PROBLEM_JSON or not status.startswith("2"):
                continue
            if (value := openapi_examples.RESPONSES.get(operation["operationId"])) is not None:
                content["example"] = value
