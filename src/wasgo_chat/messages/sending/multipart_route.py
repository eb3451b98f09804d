"""The second door of `POST /chat/messages/`: the same message as a multipart form, with its files.

The files are stored and registered before the message's transaction, which then claims them; whatever keeps the
message from being sent lets them go again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from wasgo_chat.attachments.routes import StoreDep
from wasgo_chat.attachments.schemas import BINARY
from wasgo_chat.attachments.upload.form_fields import parse_fields
from wasgo_chat.attachments.upload.multipart import is_multipart, receive_multipart, with_multipart_limit
from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.http.dependencies import Caller, Db, IdempotencyKeyHeader, RateLimitsDep
from wasgo_chat.messages import verbs
from wasgo_chat.messages.rendering import load_message
from wasgo_chat.messages.schemas import SendMessage, as_client_id

_JSON_FIELDS = ("metadata", "mentions", "attachment_ids")
_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}

FORM: dict[str, Any] = {
    "type": "object",
    "required": ["conversation"],
    "properties": {
        "conversation": _UUID,
        "content": _TEXT,
        "message_type": {"type": "string", "enum": ["text", "image", "file", "audio", "video", "location"]},
        "reply_to": _UUID,
        "mentions": {**_TEXT, "description": "A list of user ids, as JSON text."},
        "metadata": {**_TEXT, "description": "A JSON object, as text."},
        "client_id": _TEXT,
        "attachment_ids": {**_TEXT, "description": "A list of ids of earlier uploads, as JSON text."},
        "files": {"type": "array", "items": BINARY},
    },
}
"""The form in OpenAPI."""


async def send_multipart(
    request: Request, caller: Caller, db: Db, rates: RateLimitsDep, depot: StoreDep, key: IdempotencyKeyHeader = None
) -> Response:
    """Send a message with files."""
    settings = db.settings
    async with receive_multipart(request, depot.incoming, "files", max_files=settings.max_attachments) as form:
        body = parse_fields(SendMessage, form.fields, as_json=_JSON_FIELDS)
        if body.client_id is None and key is not None:
            body.client_id = as_client_id(key)
        verbs.check_message(settings, body, files=len(form.files))
        await rates.count_message(caller.require_user(), body.conversation)
        async with db.snapshot() as tx:
            if earlier := await verbs.precheck_send(tx, caller, body.conversation, body, form.files):
                return _replayed(
                    await load_message(tx, body.conversation, earlier.message_id, viewer=caller.require_user())
                )
        taken = []
        if form.files:
            taken = await depot.ingest(caller, body.conversation, form.files, body.message_type)
    is_used = False
    try:
        async with db.transaction() as tx:
            sent = await verbs.send(tx, caller, body.conversation, body, uploads=taken)
            answer = await load_message(tx, body.conversation, sent.message_id, viewer=caller.require_user())
        is_used = sent.is_new
    finally:
        if taken and not is_used:
            # A commit of unknown outcome may have claimed them: those stay.
            await asyncio.shield(depot.release(body.conversation, taken))
    return JsonResponse(answer, 201) if sent.is_new else _replayed(answer)


def _replayed(answer: dict[str, Any]) -> Response:
    return JsonResponse(answer, 200, headers={"Idempotent-Replay": "true"})


# A route of its own beside the JSON one, for its dependencies; nothing is mounted at it.
_as_form = APIRoute("/", send_multipart, methods=["POST"]).get_route_handler()


class JsonOrMultipartRoute(APIRoute):
    """A route that takes JSON, and where the body says so, the form, under the larger limit of forms."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI."""
        as_json: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await (with_multipart_limit(request, _as_form) if is_multipart(request) else as_json(request))

        return handle
