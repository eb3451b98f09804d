"""The built pages: served where configured, with their content policy and caching."""

import re
from typing import Any

import pytest

from tests.support.workers import make_settings
from tests.support.world import World, world_with
from wasgo_chat.http.static_pages import FOLDER, content_security_policy

PAGES = ("/", "/operator")


async def test_no_pages_are_served_unless_configured(world: World) -> None:
    for path in (*PAGES, "/assets/"):
        assert (await world.person("ana").call("GET", path)).status_code == 404


async def test_a_page_loads_only_its_own_files_and_is_revalidated_each_time(database: str) -> None:
    async with world_with(make_settings(database, web=True)) as world:
        ana = world.person("ana")
        for path in PAGES:
            page = await ana.call("GET", path)
            assert page.status_code == 200
            assert page.headers["content-type"].startswith("text/html")
            assert page.headers["cache-control"] == "no-cache"
            assert page.headers.get_list("content-security-policy") == [content_security_policy(world.worker.settings)]
            assert "unsafe" not in page.headers["content-security-policy"]
            assert page.headers["x-frame-options"] == "DENY"
            known = {"If-None-Match": page.headers["etag"]}
            again = await ana.call("GET", path, headers=known)
            assert (again.status_code, again.content) == (304, b"")


async def test_files_named_by_a_page_exist_and_may_be_cached_forever(database: str) -> None:
    async with world_with(make_settings(database, web=True)) as world:
        ana = world.person("ana")
        for path in PAGES:
            named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', (await ana.call("GET", path)).text)
            assert named
            for asset in named:
                found = await ana.call("GET", asset)
                assert found.status_code == 200
                assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        missing = await ana.call("GET", "/assets/nothing.js")
        assert missing.status_code == 404
        assert "immutable" not in missing.headers.get("cache-control", "")
        for path in ("/assets/../../cli.py", "/assets/%2e%2e/%2e%2e/cli.py", "/assets/..%2f..%2fcli.py"):
            assert (await ana.call("GET", path)).status_code == 404


async def test_other_routes_are_unchanged(database: str) -> None:
    async with world_with(make_settings(database, web=True)) as world:
        ana = world.person("ana")
        assert (await ana.ok("GET", "/healthz")) == {"status": "ok"}
        assert (await ana.call("GET", "/nowhere/")).json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "img-src 'self' blob:;"),
        (
            {"s3_bucket": "files", "s3_endpoint": "https://store.example/x"},
            "img-src 'self' blob: https://store.example;",
        ),
        ({"s3_bucket": "files"}, "img-src 'self' blob: https://*.amazonaws.com;"),
        ({"s3_bucket": "files", "s3_redirect": False}, "img-src 'self' blob:;"),
    ],
)
async def test_pictures_may_come_from_the_object_store(more: dict[str, Any], expected: str, database: str) -> None:
    assert expected in content_security_policy(make_settings(database, **more))


def test_the_built_pages_have_no_inline_code() -> None:
    for name in ("index.html", "operator.html"):
        page = (FOLDER / name).read_text()
        assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)|\son\w+=", page)
