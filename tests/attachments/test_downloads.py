"""Downloads: signed links that need no token, ranges, and headers that prevent execution in a browser."""

import os
import re
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.attachments.samples import ATTACHMENTS, KINDS, picture, send_files, upload
from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, world_with
from wasgo_chat.attachments.links import signed_url
from wasgo_chat.attachments.store import object_key

CONTENT = bytes(range(256)) * 2000


async def sent_file(world: World, content: bytes = CONTENT, name: str = "a.bin") -> tuple[Person, Person, Json, Json]:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    sent = await send_files(ana, chat, (name, content))
    return ana, bo, chat, sent["attachments"][0]


async def fetch(world: World, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Request a file without a token, as the `<img>` of a browser does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        return await browser.request(method, url, headers=named)


async def test_a_link_needs_no_token(world: World) -> None:
    _, _, _, file = await sent_file(world)
    response = await fetch(world, file["url"])
    assert (response.status_code, response.content) == (200, CONTENT)
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["etag"] == f'"{file["sha256"]}"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(r"private, max-age=\d+, immutable", response.headers["cache-control"])
    head = await fetch(world, file["url"], "HEAD")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))


async def test_a_cached_file_is_not_sent_again(world: World) -> None:
    _, _, _, file = await sent_file(world)
    etag = f'"{file["sha256"]}"'
    response = await fetch(world, file["url"], if_none_match=f'"x", {etag}')
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=-1", len(CONTENT) - 1, len(CONTENT)),
        ("bytes=-999999999", 0, len(CONTENT)),
        ("bytes=511000-99999999", 511_000, len(CONTENT)),
        ("bytes=1000-400000", 1000, 400_001),
    ],
)
async def test_a_range_is_served(world: World, asked: str, start: int, end: int) -> None:
    _, _, _, file = await sent_file(world)
    for more in ({}, {"if_range": f'"{file["sha256"]}"'}):
        response = await fetch(world, file["url"], range=asked, **more)
        assert (response.status_code, response.content) == (206, CONTENT[start:end])
        assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
        assert response.headers["content-length"] == str(end - start)


async def test_an_unsatisfiable_range_is_416_and_an_invalid_one_is_ignored(world: World) -> None:
    _, _, _, file = await sent_file(world)
    for asked in (f"bytes={len(CONTENT)}-", "bytes=-0", "bytes=999999999-999999999"):
        response = await fetch(world, file["url"], range=asked)
        assert (response.status_code, response.json()["code"]) == (416, "range_not_satisfiable")
        assert response.headers["content-range"] == f"bytes */{len(CONTENT)}"
    for asked in ("bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=" + "9" * 50 + "-", ""):
        response = await fetch(world, file["url"], range=asked)
        assert (response.status_code, response.content) == (200, CONTENT), asked
    response = await fetch(world, file["url"], range="bytes=0-1", if_range='"another"')
    assert (response.status_code, response.content) == (200, CONTENT)


@pytest.mark.parametrize("kind", KINDS)
async def test_active_content_is_only_offered_as_a_download(world: World, kind: str) -> None:
    content, content_type = KINDS[kind]
    _, _, _, file = await sent_file(world, content, 'a"b.html')
    response = await fetch(world, file["url"])
    assert response.headers["content-type"].split(";")[0] == content_type
    assert response.headers["x-content-type-options"] == "nosniff"
    disposition = response.headers["content-disposition"]
    is_played = content_type[:5] in ("audio", "video") and content_type != "audio/amr"
    if content_type in ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif") or is_played:
        assert disposition == 'inline; filename="ab.html"'
    else:
        assert disposition == 'attachment; filename="ab.html"'
        assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plain name.txt", 'attachment; filename="plain name.txt"'),
        ("Olá.txt", "attachment; filename=\"Ola.txt\"; filename*=UTF-8''Ol%C3%A1.txt"),
        ("文件.txt", "attachment; filename=\".txt\"; filename*=UTF-8''%E6%96%87%E4%BB%B6.txt"),
        ("文件", "attachment; filename=\"file\"; filename*=UTF-8''%E6%96%87%E4%BB%B6"),
        ("50%.txt", "attachment; filename=\"50.txt\"; filename*=UTF-8''50%25.txt"),
        ("a;b'c.txt", 'attachment; filename="a;b\'c.txt"'),
    ],
)
async def test_the_file_name_is_encoded_in_the_header_as_specified(world: World, name: str, header: str) -> None:
    _, _, _, file = await sent_file(world, b"text", name)
    assert (await fetch(world, file["url"])).headers["content-disposition"] == header


async def test_a_tampered_link_is_rejected(world: World) -> None:
    ana, bo, chat, file = await sent_file(world, picture(), "a.jpg")
    other = (await send_files(bo, chat, ("b.txt", b"other")))["attachments"][0]
    url = file["url"]
    unknown = await ana.call("GET", f"{ATTACHMENTS}{uuid4()}/")
    expires = int(re.findall(r"expires=(\d+)", url)[0])
    touched = [
        url.replace(f"expires={expires}", f"expires={expires + 1}"),
        url.replace("/original?", "/thumbnail?"),
        url.replace(file["id"], other["id"]),
        url.replace(file["id"], str(uuid4())),
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        url.split("signature=")[0] + "signature=",
        url.split("signature=")[0] + "signature=%C3%A9",
        url.replace("/original?", "/secret?"),
    ]
    for wrong in touched:
        response = await fetch(world, wrong)
        assert (response.status_code, response.content) == (404, unknown.content), wrong
    for wrong in (url.split("?")[0], url.split("&")[0], url + "%00", url.replace(str(expires), "x")):
        assert (await fetch(world, wrong)).status_code == 422


async def test_a_link_expires_within_minutes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, _, file = await sent_file(world)
    settings = world.worker.settings
    expires = int(re.findall(r"expires=(\d+)", file["url"])[0])
    assert settings.attachment_url_ttl_s <= expires - time.time() <= 2 * settings.attachment_url_ttl_s
    an_hour_ago = time.time() - 3600
    with monkeypatch.context() as then:
        then.setattr(time, "time", lambda: an_hour_ago)
        old = signed_url(settings, file["id"], "original")
    response = await fetch(world, old)
    assert (response.status_code, response.json()["code"]) == (403, "link_expired")
    again = signed_url(settings, file["id"], "original")
    assert (await fetch(world, again)).status_code == 200


async def test_a_removed_participant_gets_no_new_link(world: World) -> None:
    ana, bo, chat, file = await sent_file(world)
    assert (await bo.ok("GET", f"{ATTACHMENTS}{file['id']}/"))["id"] == file["id"]
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", {"user_id": bo.id}, status=204)
    await bo.refused("GET", f"{ATTACHMENTS}{file['id']}/", status=404, code="not_found")
    await bo.refused("GET", "/chat/messages/", params={"conversation": chat["id"]}, status=404, code="not_found")


async def test_a_stranger_gets_no_link(world: World) -> None:
    _, _, _, file = await sent_file(world)
    cy = world.person("cy")
    await cy.refused("GET", f"{ATTACHMENTS}{file['id']}/", status=404, code="not_found")
    await world.service.refused("GET", f"{ATTACHMENTS}{file['id']}/", status=403, code="act_as_required")
    response = await cy.client.get(f"{ATTACHMENTS}{file['id']}/", headers={"Authorization": ""})
    assert response.status_code == 401


async def test_urls_begin_with_the_public_url(database: str, folder: Path) -> None:
    settings = make_settings(database, storage_dir=folder, public_url="https://chat.example/")
    async with world_with(settings) as world:
        _, _, _, file = await sent_file(world, picture())
        assert file["url"].startswith(f"https://chat.example/chat/attachments/{file['id']}/original?")
        assert file["thumbnail_url"].startswith(f"https://chat.example/chat/attachments/{file['id']}/thumbnail?")
        response = await fetch(world, file["url"].removeprefix("https://chat.example"))
        assert response.status_code == 200


async def test_a_lost_file_is_404_and_not_a_truncated_response(world: World, folder: Path) -> None:
    _, _, _, file = await sent_file(world)
    (folder / object_key(UUID(file["id"]), "original")).unlink()
    response = await fetch(world, file["url"])
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_with_s3_media_is_redirected_and_other_files_are_streamed(database: str, tmp_path: Path, s3: Any) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path, **s3)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        sent = await send_files(ana, chat, ("a.jpg", picture()), ("a.html", b"<script>alert(1)</script>" * 1000))
        image, page = sent["attachments"]
        for url in (image["url"], image["thumbnail_url"]):
            response = await fetch(world, url)
            assert response.status_code == 307
            assert response.headers["location"].startswith(s3["s3_endpoint"])
            async with httpx.AsyncClient() as browser:
                found = await browser.get(response.headers["location"], headers={"Range": "bytes=0-9"})
            assert (found.status_code, len(found.content)) == (206, 10)
        response = await fetch(world, page["url"], range="bytes=1-6")
        assert (response.status_code, response.content) == (206, b"script")
        assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert os.listdir(tmp_path / "incoming") == []
        large = await upload(ana, chat, CONTENT * 20, "large")
        assert (await fetch(world, large["url"])).content == CONTENT * 20
