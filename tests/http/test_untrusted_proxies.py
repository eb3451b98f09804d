"""A proxy that TRUSTED_PROXIES does not name is noticed; a trusted one is recognized over IPv4 and IPv6."""

from typing import Any

import httpx
from structlog.testing import capture_logs

from tests.support.workers import make_settings, running
from wasgo_chat.app import create_app
from wasgo_chat.server.run import bind, server_config
from wasgo_chat.settings.config import Settings

FORWARDED = {"X-Forwarded-For": "93.184.216.34"}


def notices(logged: list[Any]) -> list[Any]:
    return [line for line in logged if line["event"] == "untrusted_proxy"]


async def test_an_untrusted_proxy_is_logged_once(database: str) -> None:
    async with running(make_settings(database, trusted_proxies=["10.0.0.0/8"])) as worker:
        with capture_logs() as logged:
            async with httpx.AsyncClient(base_url=worker.url) as client:
                await client.get("/healthz")
                assert notices(logged) == []
                for _ in range(3):
                    await client.get("/healthz", headers=FORWARDED)
                assert (await client.get("/metrics", headers=FORWARDED)).status_code == 404
        (notice,) = notices(logged)
        assert notice["peer"] == "127.0.0.1"
        assert "WASGO_CHAT_TRUSTED_PROXIES" in notice["remedy"]


async def test_a_trusted_proxy_is_not_logged(database: str) -> None:
    async with running(make_settings(database, trusted_proxies=["127.0.0.0/8"])) as worker:
        with capture_logs() as logged:
            async with httpx.AsyncClient(base_url=worker.url) as client:
                await client.get("/healthz", headers=FORWARDED)
                await client.get("/healthz", headers={"X-Forwarded-For": "93.184.216.34:4711, 127.0.0.2"})
        assert notices(logged) == []


async def test_a_socket_for_both_ip_versions_trusts_proxies_by_their_ipv4_address(database: str) -> None:
    settings = make_settings(database, trusted_proxies=["127.0.0.0/8"])
    async with running(settings, bind(settings, "::", 0)) as worker:
        with capture_logs() as logged:
            for address in ("127.0.0.1", "[::1]"):
                async with httpx.AsyncClient(base_url=f"http://{address}:{worker.port}") as client:
                    assert (await client.get("/healthz", headers=FORWARDED)).status_code == 200
        (notice,) = notices(logged)
        assert notice["peer"] == "::1"


def test_forwarded_addresses_are_ignored_without_trusted_proxies() -> None:
    settings = Settings(database_url="postgresql://h/n", jwt_secret="x" * 40)
    assert not server_config(create_app(settings), settings).proxy_headers
