"""Requests by the hundred thousand: every operation of the OpenAPI document, good, spoilt and broken."""

import asyncio
import json
from collections import Counter
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from starlette.routing import Match

from tests.http.bodies import DOCUMENT
from tests.security.generators import STRANGE_TEXT, Maker
from tests.support.documents import APP
from tests.support.world import routes_in
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.settings.config import Settings

ROUTES = routes_in(APP)
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
RENEW_EVERY = 400
UNLIMITED = {name: 0 for name in Settings.model_fields if name.startswith("rate_")}
"""Settings without rate limits: rate-limited requests would test nothing."""
PATIENCE_S = 60.0
BOUNDARY = "b0undary"


class Broken(AssertionError):
    """The service gave a forbidden response. The message has everything needed to reproduce it."""


class HttpFuzzer:
    """Opens one connection after another to a service; `counts` has the responses."""

    def __init__(self, settings: Settings, port: int, seed: int) -> None:
        self.make = Maker(seed, DOCUMENT["components"]["schemas"])
        self.counts: Counter[int] = Counter()
        self.operations: Counter[str] = Counter()
        self._port = port
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._people = [f"{name}-{seed}-{uuid4().hex[:8]}" for name in ("ana", "bo", "cy", "dee")]
        users = [f"Authorization: Bearer {mint_user(settings, one, ttl_s=36_000)}" for one in self._people]
        service = f"Authorization: Bearer {mint_service(settings, 'fuzz', list(SCOPES), ttl_s=36_000)}"
        self._service = service
        self._callers = [
            *users[:2] * 4,
            users[2],
            service,
            service,
            f"{service}\r\nX-Act-As: {self._people[0]}",
            "X-No: 1",
        ]

    async def run(self, requests: int) -> None:
        """Send some number of requests.

        Raises:
            Broken: there was a forbidden response.
        """
        for number in range(requests):
            if number % RENEW_EVERY == 0:
                await self._renew()
            await self._one()
        await self._hang_up()

    async def _one(self) -> None:
        method, path, operation = self.make.random.choice(OPERATIONS)
        self.operations[operation["operationId"]] += 1
        head = [f"{method} {self._target(path, operation)} HTTP/1.1", "Host: x", self.make.random.choice(self._callers)]
        head += self._headers()
        content = b""
        if "requestBody" in operation or self.make.random.random() < 0.05:
            kind, content = self._body(operation)
            head.append(f"Content-Type: {kind}")
        head.append(f"Content-Length: {len(content)}")
        request = "\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + content
        status, answer_head, body = await self._exchange(request)
        self.counts[status] += 1
        self._judge(method, path, request, status, answer_head, body)

    def _judge(self, method: str, path: str, request: bytes, status: int, head: bytes, body: bytes) -> None:
        shown = f"{status} to {request[:3000]!r}: {head!r} {body[:500]!r}"
        if status >= 500 and status != 503:
            raise Broken(shown)
        if status >= 400:
            if b"content-type: application/problem+json" not in head:
                raise Broken(shown)
            problem = json.loads(body)
            if problem["status"] != status or not {"type", "title", "detail", "code"} <= problem.keys():
                raise Broken(shown)
        elif body and b"content-type: application/json" in head and self.make.random.random() < 0.2:
            scope = {"type": "http", "method": method, "path": request.split(b" ")[1].split(b"?")[0].decode()}
            route = next((one for one in ROUTES if one.path == path and one.matches(scope)[0] is Match.FULL), None)
            if route is not None and route.response_model is not None:
                route.response_model.model_validate_json(body)

    def _target(self, path: str, operation: dict[str, Any]) -> str:
        query = {}
        for parameter in operation.get("parameters", []):
            name, place = parameter["name"], parameter["in"]
            value = self.make.good(parameter.get("schema", {}), name)
            if self.make.random.random() < 0.12:
                value = self.make.random.choice(STRANGE_TEXT)
            if operation["operationId"] in ("erase_user", "revoke_user"):
                value = uuid4().hex  # a user that no later request needs
            if place == "path":
                path = path.replace("{" + name + "}", _quoted(value) or "%20")
            elif (
                place == "query"
                and (parameter.get("required") or self.make.random.random() < 0.3)
                and value is not None
            ):
                query[name] = str(value).encode("utf-8", "surrogatepass")
        if self.make.random.random() < 0.03:
            query[self.make.random.choice(("token", "access_token", "x", "cursor", "limit"))] = b"a\x00\xff"
        return path + ("?" + urlencode(query) if query else "")

    def _headers(self) -> list[str]:
        if self.make.random.random() < 0.8:
            return []
        strange = self.make.random.choice(STRANGE_TEXT).encode("utf-8", "replace").decode("latin-1")
        value = "".join(char for char in strange if char.isprintable() or char == "\t")[:5000]
        names = ("Idempotency-Key", "X-Act-As", "Range", "If-None-Match", "If-Range", "Accept", "Origin", "Cookie",
                 "X-Forwarded-For", "X-Request-Id", "Content-Encoding")  # fmt: skip
        return [f"{self.make.random.choice(names)}: {value}"]

    def _body(self, operation: dict[str, Any]) -> tuple[str, bytes]:
        offered = operation.get("requestBody", {}).get("content", {"application/json": {"schema": {"type": "object"}}})
        kind = self.make.random.choice(list(offered))
        value = self.make.good(offered[kind]["schema"])
        if self.make.random.random() < 0.6:
            value = self.make.spoilt(value)
        if kind != "multipart/form-data":
            kind = (
                kind
                if self.make.random.random() < 0.97
                else self.make.random.choice(("text/plain", "", "application/xml"))
            )
            return kind, self.make.text(value)
        return f"{kind}; boundary={BOUNDARY}", self._form(value if isinstance(value, dict) else {"x": value})

    def _form(self, fields: dict[str, Any]) -> bytes:
        parts = []
        for name, value in {**fields, "file": "x", "files": "x"}.items():
            content = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else self.make.text(value)
            more = f'; filename="{self.make.random.randrange(9)}.png"' if name in ("file", "files") else ""
            shown = name.encode("ascii", "replace").decode().replace("\r", "").replace("\n", "").replace('"', "")
            head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{shown}"{more}\r\n\r\n'
            if not (name in ("file", "files") and self.make.random.random() < 0.5):
                parts.append(head.encode() + content + b"\r\n")
        form = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        return self.make.broken(form) if self.make.random.random() < 0.15 else form

    async def _renew(self) -> None:
        """A new conversation with all users and some messages, in place of one that earlier requests changed."""
        ana, bo, cy, dee = self._people
        reference = uuid4().hex
        people = [{"user_id": ana, "role": "admin"}, {"user_id": bo}, {"user_id": dee, "role": "observer"}]
        made = await self._ask("PUT", f"/jobs/{reference}/conversation/", {"participants": people})
        chat, messages = made["id"], []
        for who in (ana, bo, ana, bo):
            body = {"conversation": chat, "content": "hi"}
            messages.append((await self._ask("POST", "/chat/messages/", body, act_as=who))["id"])
        self.make.known = {
            "conversation": [chat], "conversation_id": [chat], "message_id": messages, "message_ids": messages,
            "reply_to": messages, "user_id": [bo, dee, cy, uuid4().hex], "participant_ids": [bo, dee],
            "user_ids": [f"{bo},{dee}", bo], "reference_id": [reference, uuid4().hex], "mentions": [bo, dee],
            "emoji": ["👍", "❤", "🎉"], "variant": ["original", "thumbnail"], "X-Act-As": [None],
        }  # fmt: skip

    async def _ask(self, method: str, path: str, body: Any, act_as: str | None = None) -> Any:
        content = json.dumps(body).encode()
        acting = f"X-Act-As: {act_as}\r\n" if act_as else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\n{self._service}\r\n{acting}Content-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        status, _, answer = await self._exchange(head.encode() + content)
        if status not in (200, 201):
            raise Broken(f"{status} to {method} {path}: {answer[:300]!r}")
        return json.loads(answer)

    async def _exchange(self, request: bytes) -> tuple[int, bytes, bytes]:
        async with asyncio.timeout(PATIENCE_S):
            for attempt in range(2):
                if self._open is None:
                    self._open = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._open
                writer.write(request)
                try:
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                except (asyncio.IncompleteReadError, OSError) as error:
                    await self._hang_up()  # an idle connection may just have been closed; a second failure is a finding
                    if attempt:
                        raise Broken(f"no answer to {request[:3000]!r}") from error
                    continue
                body = await _body_of(reader, head)
                if b"connection: close" in head:
                    await self._hang_up()
                return int(head.split(b" ")[1]), head, body
        raise Broken("unreachable")

    async def _hang_up(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None


async def _body_of(reader: asyncio.StreamReader, head: bytes) -> bytes:
    lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if lines.get(b"transfer-encoding") == b"chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return body
    return await reader.readexactly(int(lines.get(b"content-length", b"0")))


def _quoted(value: Any) -> str:
    return quote(str(value).encode("utf-8", "surrogatepass"), safe="")
