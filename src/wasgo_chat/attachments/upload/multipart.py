"""Parses a multipart form from the network, streaming files to disk. Only fields are held in memory.

Limits are enforced while the body is received, not at its end.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import field as make_field
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from wasgo_chat.attachments.storage import disk_errors, remove_files
from wasgo_chat.attachments.upload.filenames import clean_filename, named_file
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import ChatError, Invalid
from wasgo_chat.http.context import http_context
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.settings.config import Settings

_WRITE_BYTES = 524_288
_MAX_HEADER_BYTES = 8_192
_MAX_PARTS = 200


class MalformedForm(ChatError):
    """The body is not a multipart form, or is truncated."""

    status, code, title = 400, "malformed_form", "The body is not a multipart form"


class FileTooLarge(ChatError):
    """A file exceeds the limit."""

    status, code, title = 413, "attachment_too_large", "The file is too large"


class FieldsTooLarge(ChatError):
    """The fields of a form exceed the limit of a body without files."""

    status, code, title = 413, "body_too_large", "The body is too large"


@dataclass(slots=True)
class UploadedFile:
    """A received file: its field, its cleaned name, its path until it is stored, and its size in bytes."""

    field: str
    filename: str
    path: Path
    size: int = 0
    hash: Any = make_field(default_factory=hashlib.sha256)
    pending: bytearray = make_field(default_factory=bytearray)
    out: Any = None


@dataclass(slots=True)
class MultipartForm:
    """A parsed form: the values of each field, in order, and the files."""

    fields: dict[str, list[str]]
    files: list[UploadedFile]


def is_multipart(request: Request) -> bool:
    """Whether the request has the content type of a multipart form."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "multipart/form-data"


def multipart_bytes(settings: Settings) -> int:
    """The size limit of a form: its files, and the body without them."""
    return settings.max_attachments * settings.max_attachment_bytes + settings.max_body_bytes


async def with_multipart_limit(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """Handle a request with the body limit of forms in place of the general one."""
    responses: list[Response] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        responses.append(await handle(request))

    limited = RequestBodyLimitMiddleware(app, max_body_size=multipart_bytes(http_context(request).settings))
    await limited(request.scope, request.receive, request._send)
    return responses[0]


@asynccontextmanager
async def receive_multipart(
    request: Request,
    folder: Path,
    file_field: str,
    *,
    caller: Actor,
    max_files: int,
    count_file: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[MultipartForm]:
    """Receive a form, once it is its turn. Files that are left in `folder` are removed at the end of the block.

    Args:
        request: the request, whose turn lasts until its response.
        caller: who sends it. Users have few turns at a time, services any number.
        folder: where files are written.
        file_field: the field of the files.
        max_files: their maximum number.
        count_file: called when a file begins, before its bytes are written. May raise.

    Raises:
        MalformedForm: it cannot be parsed, or is truncated.
        FileTooLarge, FieldsTooLarge: it exceeds a limit.
        Invalid: it has too many files, or a file in a field other than `file_field`.
        StorageFull: the disk is full.
        RateLimited: too many forms of the caller are waiting.
    """
    if caller.service is None:
        await http_context(request).user_turns.acquire(request.scope, caller.require_user(), "form")
    reader = _StreamingParser(http_context(request).settings, folder, file_field, max_files)
    try:
        yield await reader.read(request, count_file)
    finally:
        await asyncio.to_thread(reader.clear)


class _StreamingParser:
    """The parser's callbacks. They buffer what `_write` then writes after each piece of the body."""

    def __init__(self, settings: Settings, folder: Path, file_field: str, max_files: int) -> None:
        self._settings = settings
        self._folder = folder
        self._file_field = file_field
        self._max_files = max_files
        self._form = MultipartForm({}, [])
        self._field_bytes = self._parts = 0
        self._name = ""
        self._value: bytearray | None = None
        self._file: UploadedFile | None = None
        self._open: list[UploadedFile] = []
        self._header = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._ended = False

    async def read(self, request: Request, count_file: Callable[[], Awaitable[None]] | None) -> MultipartForm:
        counted = 0
        _, options = parse_options_header(request.headers.get("content-type", ""))
        try:
            parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": lambda data, start, end: self._add(self._header, data[start:end]),
                    "on_header_value": lambda data, start, end: self._add(self._header_value, data[start:end]),
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
            async for piece in request.stream():
                parser.write(piece)
                if count_file is not None:
                    for _ in self._form.files[counted:]:
                        await count_file()
                    counted = len(self._form.files)
                await self._write(_WRITE_BYTES)
            parser.finalize()
        except (KeyError, FormParserError, ClientDisconnect) as error:
            raise MalformedForm from error
        if not self._ended:
            raise MalformedForm
        await self._write(0)
        return self._form

    def clear(self) -> None:
        """Close and remove every file that is left in the folder."""
        for file in self._form.files:
            if file.out is not None:
                file.out.close()
            remove_files([file.path])

    async def _write(self, at_least: int) -> None:
        """Write the buffered bytes of files: of the current one if they exceed `at_least`, of complete ones all."""
        for file in tuple(self._open):
            has_ended = file is not self._file
            if has_ended or len(file.pending) > at_least:
                with disk_errors():
                    await asyncio.to_thread(self._flush, file, close=has_ended)
                if has_ended:
                    self._open.remove(file)

    def _flush(self, file: UploadedFile, *, close: bool) -> None:
        if file.out is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            file.out = file.path.open("xb", buffering=0)
        file.hash.update(file.pending)
        while file.pending:
            del file.pending[: file.out.write(file.pending)]
        if close:
            file.out.close()

    def _add(self, header: bytearray, data: bytes) -> None:
        header += data
        if len(header) > _MAX_HEADER_BYTES:
            raise MalformedForm

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise FieldsTooLarge
        self._disposition = b""

    def _on_header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise MalformedForm
        self._name = _decoded(options[b"name"])
        raw = named_file(self._disposition, options.get(b"filename"))
        if raw is None:
            self._value = bytearray()
            return
        if self._name != self._file_field:
            raise Invalid.field([self._file_field], "extra_forbidden", "is the only field that accepts files")
        if len(self._form.files) >= self._max_files:
            raise Invalid.field([self._file_field], "too_long", f"accepts at most {self._max_files} files")
        name = clean_filename(raw)
        self._file = UploadedFile(self._name, name, self._folder / f"{new_id()}.incoming")
        self._form.files.append(self._file)
        self._open.append(self._file)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.size += end - start
            if self._file.size > self._settings.max_attachment_bytes:
                raise FileTooLarge(f"A file can have at most {self._settings.max_attachment_bytes} bytes")
            self._file.pending += data[start:end]
        elif self._value is not None:
            self._field_bytes += end - start
            if self._field_bytes > self._settings.max_json_bytes:
                raise FieldsTooLarge
            self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._file is None and self._value is not None:
            self._form.fields.setdefault(self._name, []).append(_text(self._name, self._value))
        self._file = self._value = None

    def _on_end(self) -> None:
        self._ended = True


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _text(name: str, raw: bytearray) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedForm("A field of the form is not UTF-8") from error
