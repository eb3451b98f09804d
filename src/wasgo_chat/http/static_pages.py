"""The built pages: where they are served, what they may load, how long a browser keeps them.

They are made in `web/` and lie in `wasgo_chat/web/`; nothing of theirs is made here.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from wasgo_chat.core.config import Settings
from wasgo_chat.http.dependencies import AnonymousRateLimit

FOLDER = Path(__file__).parent.parent / "web"
PAGES = {"/": "index.html", "/operator": "operator.html"}
# Named by what is in them: a name never gets another content.
_IMMUTABLE = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Scripts, styles and fonts of the pages."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See Starlette."""
        response = await super().get_response(path, scope)
        if response.status_code in (200, 206, 304):
            response.headers["Cache-Control"] = _IMMUTABLE
        return response


def content_security_policy(settings: Settings) -> str:
    """What a page may load: its own, what users chose but have not sent (`blob:`), and files where they are stored."""
    stored = ""
    if settings.s3_bucket and settings.s3_redirect:
        endpoint = urlsplit(settings.s3_endpoint or "")
        stored = f" {endpoint.scheme}://{endpoint.netloc}" if endpoint.netloc else " https://*.amazonaws.com"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src 'self' blob:{stored}",
            f"media-src 'self' blob:{stored}",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def mount(app: FastAPI, settings: Settings) -> None:
    """Serve the pages and what they are made of."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": content_security_policy(settings)}
    for path, name in PAGES.items():
        app.add_api_route(
            path, _page(name, headers), dependencies=[AnonymousRateLimit], methods=["GET"], include_in_schema=False
        )
    app.mount("/assets", Assets(directory=FOLDER / "assets"))


def _page(name: str, headers: dict[str, str]) -> Callable[[Request], Awaitable[Response]]:
    files = StaticFiles(directory=FOLDER)

    async def page(request: Request) -> Response:
        """A page; a browser asks each time whether it is still the same."""
        response = await files.get_response(name, request.scope)
        response.headers.update(headers)
        return response

    return page
