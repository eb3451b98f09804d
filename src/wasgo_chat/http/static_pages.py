"""Serves the built web pages, with their content security policy and cache headers.

The sources are in `web/` of the repository, the build output in `wasgo_chat/web/`.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from wasgo_chat.http.dependencies import AnonymousRateLimit
from wasgo_chat.settings.config import Settings

FOLDER = Path(__file__).parent.parent / "web"
PAGES = {"/": "index.html", "/operator": "operator.html"}
# File names contain a content hash, so a name never changes its content.
_IMMUTABLE = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """The scripts, styles and fonts of the pages."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 206, 304):
            response.headers["Cache-Control"] = _IMMUTABLE
        return response


def content_security_policy(settings: Settings) -> str:
    """The policy of a page: its own assets, local previews (`blob:`), and attachments from the object store."""
    store = ""
    if settings.s3_bucket and settings.s3_redirect:
        endpoint = urlsplit(settings.s3_endpoint or "")
        store = f" {endpoint.scheme}://{endpoint.netloc}" if endpoint.netloc else " https://*.amazonaws.com"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src 'self' blob:{store}",
            f"media-src 'self' blob:{store}",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def mount(app: FastAPI, settings: Settings) -> None:
    """Add the pages and their assets to an app."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": content_security_policy(settings)}
    for path, name in PAGES.items():
        app.add_api_route(
            path, _page(name, headers), dependencies=[AnonymousRateLimit], methods=["GET"], include_in_schema=False
        )
    app.mount("/assets", Assets(directory=FOLDER / "assets"))


def _page(name: str, headers: dict[str, str]) -> Callable[[Request], Awaitable[Response]]:
    files = StaticFiles(directory=FOLDER)

    async def page(request: Request) -> Response:
        # `no-cache` makes the browser revalidate the page each time.
        response = await files.get_response(name, request.scope)
        response.headers.update(headers)
        return response

    return page
