"""Notices a proxy that TRUSTED_PROXIES does not name: all its users then have one address, and share its limits."""

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from wasgo_chat.core.ip_ranges import is_public

log = structlog.get_logger(__name__)


class UntrustedProxyNotice:
    """ASGI middleware that logs the first request of an untrusted proxy.

    It logs once for private and once for public addresses: any client can send `X-Forwarded-For`, so a public address
    may also be that of a client.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._unseen = {"private", "public"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._unseen and scope["type"] != "lifespan" and (peer := forwarding_peer(scope)) is not None:
            kind = "public" if is_public(peer) else "private"
            if kind in self._unseen:
                self._unseen.discard(kind)
                log.warning(
                    "untrusted_proxy",
                    peer=peer,
                    peer_address=kind,
                    remedy="If it is your proxy, add its address or network to WASGO_CHAT_TRUSTED_PROXIES.",
                )
        await self.app(scope, receive, send)


def forwarding_peer(scope: Scope) -> str | None:
    """The address of a peer that forwards a request and is not trusted; None for all other requests.

    Of a trusted proxy, the server has replaced the client's address by one from the header.
    """
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            client = scope.get("client")
            if client is None or client[0].encode() in value or not _is_address(client[0]):
                return None
            return str(client[0])
    return None


def _is_address(text: str) -> bool:
    try:
        is_public(text)
    except ValueError:
        return False
    return True
