"""`POST /chat/messages/` as a multipart form: a message with its files in one request.

The files are stored and registered before the message's transaction, which claims them. They are released if the
message is not sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from wasgo_chat.attachments.quotas import check_quota
from wasgo_chat.attachments.routes import StoreDep
from wasgo_chat.attachments.schemas import BINARY
from wasgo_chat.attachments.upload.form_fields import parse_fields
from wasgo_chat.attachments.upload.multipart import is_multipart, receive_multipart, with_multipart_limit
from wasgo_chat.core.encoding import MAX_TEXT_CHARS, JsonResponse
from wasgo_chat.http.dependencies import Caller, Db, IdempotencyKeyHeader, RateLimitsDep, replayed_response
from wasgo_chat.messages import operations
from wasgo_chat.messages.rendering import load_message
from wasgo_chat.messages.schemas import SendMessage, as_client_id
from wasgo_chat.messages.sending.gate import admit
from wasgo_chat.messages.types import SENDABLE_TYPES

_JSON_FIELDS = ("metadata", "mentions", "attachment_ids")
_JSON_TEXT = {"type": "string", "maxLength": 131_072}
_UUID = {"type": "string", "format": "uuid"}

FORM: dict[str, Any] = {
    "type": "object",
    "required": ["conversation"],
    "properties": {
        "conversation": _UUID,
        "content": {"type": "string", "maxLength": MAX_TEXT_CHARS},
        "message_type": {"type": "string", "enum": [*SENDABLE_TYPES]},
        "reply_to": _UUID,
        "mentions": {**_JSON_TEXT, "description": "A list of user ids, as JSON text."},
        "metadata": {**_JSON_TEXT, "description": "A JSON object, as text."},
        "client_id": {"type": "string", "maxLength": 128},
        "attachment_ids": {**_JSON_TEXT, "description": "A list of ids of earlier uploads, as JSON text."},
        "files": {"type": "array", "items": BINARY, "maxItems": 100},
    },
}
"""The form in OpenAPI."""


async def send_multipart(
    request: Request, caller: Caller, db: Db, rates: RateLimitsDep, store: StoreDep, key: IdempotencyKeyHeader = None
) -> Response:
    """Send a message with files."""
    settings = db.settings
    viewer = caller.require_user()

    async def count_file() -> None:
        if caller.service is None:  # services act for many users
            await rates.count_request(viewer, "upload")

    async with receive_multipart(
        request,
        store.incoming,
        "files",
        caller=caller,
        max_files=settings.max_attachments,
        count_file=count_file,
    ) as form:
        body = parse_fields(SendMessage, form.fields, as_json=_JSON_FIELDS)
        if body.client_id is None and key is not None:
            body.client_id = as_client_id(key)
        await admit(settings, rates, caller, body.conversation, body, files=len(form.files))
        async with db.snapshot() as tx:
            if duplicate := await operations.precheck_send(tx, caller, body.conversation, body, form.files):
                message = await load_message(tx, body.conversation, duplicate.message_id, viewer=viewer)
                return replayed_response(200, message)
            if form.files:
                await check_quota(tx, caller, [file.size for file in form.files])
        uploads = []
        if form.files:
            uploads = await store.ingest(caller, body.conversation, form.files, body.message_type, rates)
    is_claimed = False
    try:
        async with db.transaction() as tx:
            sent = await operations.send(tx, caller, body.conversation, body, uploads=uploads)
            message = await load_message(tx, body.conversation, sent.message_id, viewer=viewer)
        is_claimed = sent.is_new
    finally:
        if uploads and not is_claimed:
            # Releases only unclaimed files: a commit of unknown outcome may have claimed these.
            await asyncio.shield(store.release(body.conversation, uploads))
    return JsonResponse(message, 201) if sent.is_new else replayed_response(200, message)


# FastAPI builds the handler, with its dependencies, from a route; this route itself is never mounted.
_handle_multipart = APIRoute("/", send_multipart, methods=["POST"]).get_route_handler()


class JsonOrMultipartRoute(APIRoute):
    """A route that takes JSON or, by content type, a multipart form, which has a larger size limit."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle_json: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if is_multipart(request):
                return await with_multipart_limit(request, _handle_multipart)
            return await handle_json(request)

        return handle
