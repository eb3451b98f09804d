"""HTTP routes of attachments: upload a file, get an attachment, download by a signed link."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Row
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, StreamingResponse

from wasgo_chat.attachments import operations
from wasgo_chat.attachments.links import LinkExpired, check_link
from wasgo_chat.attachments.quotas import UploadQuotaReached
from wasgo_chat.attachments.rendering import get_stored, load_attachment
from wasgo_chat.attachments.schemas import BINARY, AttachmentOut, UploadFields, Variant
from wasgo_chat.attachments.storage import StorageFull
from wasgo_chat.attachments.store import AttachmentStore, is_inline, object_key
from wasgo_chat.attachments.upload.content_types import FILE_TYPES, TypeNotAllowed
from wasgo_chat.attachments.upload.filenames import disposition
from wasgo_chat.attachments.upload.form_fields import parse_fields
from wasgo_chat.attachments.upload.multipart import FileTooLarge, MalformedForm, is_multipart, receive_multipart
from wasgo_chat.attachments.upload.pipeline import THUMBNAIL_TYPE
from wasgo_chat.core.encoding import JsonResponse, SingleLine
from wasgo_chat.core.errors import Forbidden, Invalid
from wasgo_chat.feature import part_of
from wasgo_chat.http.dependencies import (
    AnonymousRateLimit,
    Caller,
    Db,
    IdempotencyKeyHeader,
    RateLimitsDep,
    rate_class,
    replayed_response,
)
from wasgo_chat.http.head_requests import is_head
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.http.ranges import RangeNotSatisfiable, parse_range
from wasgo_chat.http.security_headers import DOWNLOAD_POLICY, MEDIA_POLICY
from wasgo_chat.identity import audit
from wasgo_chat.membership.errors import ConversationClosed

router = APIRouter(prefix="/chat/attachments", tags=["attachments"])

FORM_PROBLEMS = (MalformedForm, UploadQuotaReached, FileTooLarge, 415, TypeNotAllowed, StorageFull)
"""The problems of every route that accepts files."""

_UPLOAD_FORM = {
    "type": "object",
    "required": ["conversation", "file"],
    "properties": {
        "file": BINARY,
        "conversation": {
            "type": "string",
            "format": "uuid",
            "description": "The conversation in which it will be sent.",
        },
        "message_type": {
            "type": "string",
            "enum": [*FILE_TYPES],
            "description": "Reject content that a message of this type cannot have.",
        },
    },
}


async def _store(request: Request) -> AttachmentStore:
    return part_of(request, AttachmentStore)


StoreDep = Annotated[AttachmentStore, Depends(_store)]


@router.post(
    "/",
    operation_id="upload_attachment",
    status_code=201,
    response_model=AttachmentOut,
    responses={
        200: {"model": AttachmentOut, "description": "This Idempotency-Key was used before."},
        **problem_responses(401, 403, Forbidden, 404, ConversationClosed, IdempotencyConflict, 422, *FORM_PROBLEMS),
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _UPLOAD_FORM}}},
    },
)
@rate_class("upload")
async def upload_attachment(
    request: Request, caller: Caller, db: Db, rates: RateLimitsDep, store: StoreDep, key: IdempotencyKeyHeader = None
) -> Response:
    """Upload a file for a conversation. Send its id in `attachment_ids` of a message within a day."""
    if not is_multipart(request):
        raise HTTPException(415)
    async with receive_multipart(request, store.incoming, "file", caller=caller, max_files=1) as form:
        body = parse_fields(UploadFields, form.fields)
        if not form.files:
            raise Invalid.field(["file"], "missing", "is required")
        file = form.files[0]
        sent = {**body.model_dump(mode="json"), "filename": file.filename, "sha256": file.hash.hexdigest()}
        once = IdempotentRequest("upload_attachment", key, caller, sent)
        async with db.transaction() as tx:
            await operations.require_upload(tx, caller, body.conversation, [file.size])
            if previous := await once.previous_result(tx):
                return replayed_response(200, await load_attachment(tx, caller, previous[1]))
        stored = (await store.ingest(caller, body.conversation, [file], body.message_type, rates))[0]
    async with db.transaction() as tx:
        # Of two concurrent requests with one key, the later one releases its own file.
        previous = await once.previous_result(tx)
        if previous is None:
            await once.store(tx, 201, stored.id)
            context = {"conversation_id": body.conversation, "target": stored.id}
            await audit.record_if_service(tx, caller, "attachment_uploaded", **context)
        else:
            await operations.abandon(tx, body.conversation, [stored.id])
        response = await load_attachment(tx, caller, previous[1] if previous else stored.id)
    return JsonResponse(response, 201) if previous is None else replayed_response(200, response)


@router.get(
    "/{attachment_id}/",
    operation_id="get_attachment",
    response_model=AttachmentOut,
    responses=problem_responses(401, 403, 404),
)
async def get_attachment(attachment_id: UUID, caller: Caller, db: Db) -> Response:
    """Get an attachment, with new links to its file."""
    caller.require_user()
    if caller.service is None:
        async with db.snapshot() as tx:
            return JsonResponse(await load_attachment(tx, caller, attachment_id))
    async with db.transaction() as tx:
        response = await load_attachment(tx, caller, attachment_id)
        await audit.record_action(tx, caller, "attachment_read", target=attachment_id)
    return JsonResponse(response)


@router.get(
    "/{attachment_id}/{variant}",
    dependencies=[AnonymousRateLimit],
    operation_id="download_attachment",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {"schema": BINARY}}},
        206: {"description": "The requested range."},
        304: {"description": "The client's copy is current."},
        307: {"description": "The storage serves it, at a signed URL."},
        **problem_responses(LinkExpired, 404, RangeNotSatisfiable, 422),
    },
)
async def download_attachment(
    request: Request,
    attachment_id: UUID,
    variant: Variant,
    db: Db,
    store: StoreDep,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[SingleLine, Query(max_length=64)],
) -> Response:
    """Download a file by its link (`url` or `thumbnail_url`). The link's signature replaces a token."""
    seconds_left = check_link(store.settings, attachment_id, variant, expires, signature)
    async with db.snapshot() as tx:
        row = await get_stored(tx, attachment_id, variant)
    if variant == "thumbnail":
        content_type, size, etag = THUMBNAIL_TYPE, row.thumbnail_size, f'"{row.sha256.hex()}-thumbnail"'
    else:
        content_type, size, etag = row.content_type, row.size, f'"{row.sha256.hex()}"'
    headers = _headers(row, content_type, etag, seconds_left)
    if etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
        return Response(None, 304, headers)
    # Content that a browser could execute is not served by the storage, which cannot send the sandbox header.
    if is_inline(content_type) and (link := await store.storage.link(object_key(row.id, variant), seconds_left)):
        return RedirectResponse(link, 307, {"Cache-Control": f"private, max-age={seconds_left}"})
    return await _serve(request, store, object_key(row.id, variant), size, etag, headers, content_type)


def _headers(row: Row[Any], content_type: str, etag: str, seconds_left: int) -> dict[str, str]:
    is_shown_inline = is_inline(content_type)
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={seconds_left}, immutable",
        "Content-Disposition": disposition("inline" if is_shown_inline else "attachment", row.filename),
        "Content-Security-Policy": MEDIA_POLICY if is_shown_inline else DOWNLOAD_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": etag,
    }


async def _serve(
    request: Request, store: AttachmentStore, key: str, size: int, etag: str, headers: dict[str, str], content_type: str
) -> Response:
    byte_range = parse_range(request.headers.get("range"), size, if_range=request.headers.get("if-range"), etag=etag)
    start, length = byte_range or (0, size)
    status = 206 if byte_range else 200
    headers = {**headers, "Content-Length": str(length), "Content-Type": content_type}
    if byte_range:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    if is_head(request.scope):
        return Response(None, status, headers)
    pieces = store.storage.read(key, start, length)
    # Read the first piece before sending headers, so that a missing file is a 404 and not a broken response.
    first = await anext(pieces, b"")

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    return StreamingResponse(body(), status, headers)
