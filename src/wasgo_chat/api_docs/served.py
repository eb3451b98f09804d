"""Serves the documents. Their bytes are made once, in a thread: describing every route takes a second."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from wasgo_chat.http.context import http_context
from wasgo_chat.http.dependencies import client_ip_bucket

OPENAPI_PATH, ASYNCAPI_PATH = "/openapi.json", "/asyncapi.json"


def document_handlers(app: FastAPI) -> dict[str, Callable[[Request], Awaitable[Response]]]:
    """The handlers of the documents, by path, for the fast path. They count requests by address."""

    def openapi() -> bytes:
        return bytes(JSONResponse(app.openapi()).body)

    def asyncapi() -> bytes:
        from wasgo_chat.api_docs.asyncapi import asyncapi_json  # noqa: PLC0415  needed for nothing else

        return asyncapi_json().encode()

    def handler(make: Callable[[], bytes]) -> Callable[[Request], Awaitable[Response]]:
        making: asyncio.Task[bytes] | None = None

        async def handle(request: Request) -> Response:
            nonlocal making
            http_context(request).rate_limits.count_address(client_ip_bucket(request))
            if making is None:
                making = asyncio.create_task(asyncio.to_thread(make))
            # A client that disconnects does not end what others wait for.
            return Response(await asyncio.shield(making), media_type="application/json")

        return handle

    return {OPENAPI_PATH: handler(openapi), ASYNCAPI_PATH: handler(asyncapi)}
