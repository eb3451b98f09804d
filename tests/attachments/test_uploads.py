"""Uploads, separate and with a message: who may upload, and who may claim an upload."""

import asyncio
import hashlib
import json
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.attachments.samples import (
    ATTACHMENTS,
    EXECUTABLES,
    KINDS,
    MESSAGES,
    archive,
    film,
    picture,
    send_files,
    sound,
    upload,
)
from tests.support.workers import make_settings
from tests.support.world import World, world_with

NOWHERE = "01930000-0000-7000-8000-000000000000"


async def test_an_upload_is_described(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    content = b"Ol\xc3\xa1, mundo\n" * 1000
    made = await upload(ana, chat, content, "notes.txt")
    assert made["filename"] == "notes.txt"
    assert (made["content_type"], made["size"]) == ("text/plain", len(content))
    assert made["sha256"] == hashlib.sha256(content).hexdigest()
    assert (made["thumbnail_url"], made["width"], made["height"], made["duration"]) == (None, None, None, None)
    assert await ana.ok("GET", f"{ATTACHMENTS}{made['id']}/") == made


async def test_an_upload_is_claimed_by_a_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    made = [await upload(ana, chat, b"%d" % at, f"{at}.txt") for at in range(3)]
    order = [made[2]["id"], made[0]["id"], made[1]["id"]]
    sent = await ana.send(chat, "", message_type="file", attachment_ids=order)
    assert [one["id"] for one in sent["attachments"]] == order
    assert (await bo.history(chat))[0] == sent
    assert (await bo.get_conversation(chat))["last_message"] == sent
    assert (await bo.ok("GET", f"{ATTACHMENTS}{order[0]}/"))["filename"] == "2.txt"
    assert (await bo.events(chat))[0]["message"]["attachments"] == sent["attachments"]


async def test_a_message_is_sent_with_its_files(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    asked = await bo.send(chat, "Show me")
    sent = await send_files(
        ana,
        chat,
        ("b.jpg", picture()),
        ("a.png", picture("PNG")),
        content="Here",
        message_type="image",
        reply_to=asked["id"],
        mentions=json.dumps([bo.id]),
        metadata=json.dumps({"album": {"n": 1}}),
        client_id="c1",
    )
    assert [one["filename"] for one in sent["attachments"]] == ["b.jpg", "a.png"]
    assert (sent["content"], sent["message_type"], sent["mentions"]) == ("Here", "image", [bo.id])
    assert (sent["metadata"], sent["client_id"], sent["reply_to"]) == ({"album": {"n": 1}}, "c1", asked["id"])
    assert (await bo.history(chat))[0] == sent


async def test_files_and_earlier_uploads_can_be_combined(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    earlier = await upload(ana, chat, b"first")
    sent = await send_files(ana, chat, ("b.txt", b"second"), attachment_ids=json.dumps([earlier["id"]]))
    assert [one["sha256"] for one in sent["attachments"]] == [
        earlier["sha256"],
        hashlib.sha256(b"second").hexdigest(),
    ]


async def test_a_form_without_files_is_an_ordinary_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    body = {"conversation": chat["id"], "content": "plain"}
    files = {name: (None, value) for name, value in body.items()}
    sent = await ana.ok("POST", MESSAGES, files=files, status=201)
    assert (sent["content"], sent["attachments"]) == ("plain", [])


async def test_a_socket_sends_and_receives_attachments(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    made = await upload(ana, chat, picture(), "a.jpg")
    async with ana.connect(chat) as here, bo.connect(chat) as there:
        ack = await here.request("send_message", message_type="image", attachment_ids=[made["id"]])
        assert ack["type"] == "ack", ack
        frame = await there.receive("new_message")
    assert [one["id"] for one in frame["message"]["attachments"]] == [made["id"]]


async def test_a_repeated_form_returns_the_first_message_and_stores_nothing_more(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    fields = {"conversation": chat["id"], "content": "once", "client_id": "c1"}
    files = {"files": ("a.txt", b"one")}
    sent = await ana.ok("POST", MESSAGES, data=fields, files=files, status=201)
    again = await ana.call("POST", MESSAGES, data=fields, files=files)
    assert (again.status_code, again.json()) == (200, sent)
    assert again.headers["Idempotent-Replay"] == "true"
    for other in ({"files": ("a.txt", b"two")}, {"files": ("b.txt", b"one")}):
        await ana.refused("POST", MESSAGES, data=fields, files=other, status=409, code="idempotency_conflict")
    await ana.refused("POST", MESSAGES, fields, status=409, code="idempotency_conflict")
    assert len(await bo.history(chat)) == 1


async def test_ten_concurrent_forms_with_one_client_id_are_one_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    fields = {"conversation": chat["id"], "client_id": "c1", "message_type": "file"}
    answers = await asyncio.gather(
        *(ana.call("POST", MESSAGES, data=fields, files={"files": ("a.txt", b"one")}) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["attachments"][0]["id"] for answer in answers}) == 1


async def test_an_idempotency_key_makes_one_upload(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    fields, headers = {"conversation": chat["id"]}, {"Idempotency-Key": "k1"}

    async def call(content: bytes = b"one") -> tuple[int, str]:
        response = await ana.call("POST", ATTACHMENTS, data=fields, files={"file": ("a", content)}, headers=headers)
        return response.status_code, response.json().get("id", response.json().get("code"))

    answers = await asyncio.gather(*(call() for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200] * 4 + [201]
    assert len({made for _, made in answers}) == 1
    assert await call(b"two") == (409, "idempotency_conflict")


async def test_foreign_unknown_and_claimed_attachments_are_rejected_alike(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat, other = await ana.direct(bo), await ana.direct(cy)
    claimed = await upload(ana, chat, b"claimed")
    await ana.send(chat, attachment_ids=[claimed["id"]])
    wrong = [
        str(uuid4()),
        claimed["id"],
        (await upload(bo, chat, b"of bo"))["id"],
        (await upload(ana, other, b"of another conversation"))["id"],
    ]
    good = await upload(ana, chat, b"good")
    answers = []
    for attachment_id in wrong:
        body = {"conversation": chat["id"], "content": "x", "attachment_ids": [good["id"], attachment_id]}
        answers.append(await ana.refused("POST", MESSAGES, body, status=422, code="invalid"))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["errors"][0]["loc"] == ["attachment_ids"]
    body = {"conversation": chat["id"], "content": "x", "attachment_ids": [good["id"], good["id"]]}
    await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
    assert len((await ana.send(chat, attachment_ids=[good["id"]]))["attachments"]) == 1


async def test_two_concurrent_messages_claim_an_attachment_once(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    made = await upload(ana, chat, b"x")
    body = {"conversation": chat["id"], "attachment_ids": [made["id"]]}
    answers = await asyncio.gather(*(ana.call("POST", MESSAGES, body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]
    assert len(await bo.history(chat)) == 1


async def test_without_write_permission_nothing_is_uploaded(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, observer=bo)
    fields, files = {"conversation": chat["id"]}, {"file": ("a", b"x")}
    await bo.refused("POST", ATTACHMENTS, data=fields, files=files, status=403, code="forbidden")
    stranger = await cy.call("POST", ATTACHMENTS, data=fields, files=files)
    unknown = await cy.call("POST", ATTACHMENTS, data={"conversation": str(uuid4())}, files=files)
    assert (stranger.status_code, stranger.content) == (404, unknown.content)
    await world.service.refused("POST", ATTACHMENTS, data=fields, files=files, status=403, code="act_as_required")
    made = await world.service.acting_as(ana).ok("POST", ATTACHMENTS, data=fields, files=files, status=201)
    assert (await ana.send(chat, attachment_ids=[made["id"]]))["attachments"][0]["id"] == made["id"]
    for person, status in ((bo, 403), (cy, 404)):
        response = await person.call("POST", MESSAGES, data=fields, files={"files": ("a", b"x")})
        assert response.status_code == status
    await ana.ok("PATCH", f"/chat/conversations/{chat['id']}/", {"status": "closed"})
    await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=409, code="conversation_closed")
    outsider = world.person("outsider")
    response = await outsider.client.post(ATTACHMENTS, data=fields, files=files, headers={"Authorization": "Bearer x"})
    assert response.status_code == 401


async def test_an_unclaimed_upload_is_visible_to_its_uploader_only(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    made = await upload(ana, chat, b"x")
    unknown = await bo.call("GET", f"{ATTACHMENTS}{uuid4()}/")
    foreign = await bo.call("GET", f"{ATTACHMENTS}{made['id']}/")
    assert (foreign.status_code, foreign.content) == (404, unknown.content)


STUBS = ("heim", "avif in mif1", "picture of an unknown brand")
"""The beginnings of images, which cannot be decoded."""


@pytest.mark.parametrize("kind", KINDS)
async def test_the_type_comes_from_the_content_and_never_from_the_name(world: World, kind: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    content, content_type = KINDS[kind]
    for name in ("a.jpg", "a.exe", "a"):
        assert (await upload(ana, chat, content, name))["content_type"] == content_type
    takes = content_type.split("/")[0] if content_type.split("/")[0] in ("image", "audio", "video") else "file"
    takes = "file" if content_type == "image/svg+xml" or kind in STUBS else takes
    for message_type in ("image", "audio", "video", "file", "text"):
        fields = {"conversation": chat["id"], "message_type": message_type}
        response = await ana.call("POST", MESSAGES, data=fields, files={"files": ("a.jpg", content, "image/jpeg")})
        if message_type in (takes, "file", "text"):
            assert response.status_code == 201, response.text
        elif message_type == "image" and kind in STUBS:
            assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "unreadable_image")
        else:
            assert (response.status_code, response.json()["code"]) == (415, "unsupported_attachment_type")


@pytest.mark.parametrize("kind", EXECUTABLES)
async def test_programs_are_rejected_whatever_their_name(world: World, kind: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    fields = {"conversation": chat["id"]}
    for name in ("holiday.jpg", "letter.pdf", "a.exe"):
        files = {"file": (name, EXECUTABLES[kind], "image/jpeg")}
        await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=415, code="unsupported_attachment_type")


async def test_an_upload_of_another_type_is_not_claimed(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    made = await upload(ana, chat, b"text")
    body = {"conversation": chat["id"], "message_type": "image", "attachment_ids": [made["id"]]}
    problem = await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
    assert problem["errors"][0]["code"] == "wrong_type"
    fields = {"conversation": chat["id"], "message_type": "image"}
    files = {"file": ("a.jpg", b"text")}
    await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=415, code="unsupported_attachment_type")


async def test_recordings_have_their_duration(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for content, seconds in ((sound(1.5), 1.5), (film(seconds=7), 7.0), (KINDS["mp3"][0], None), (b"RIFF", None)):
        assert (await upload(ana, chat, content))["duration"] == seconds


async def test_a_file_above_the_limit_is_413(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    limit = world.worker.settings.max_attachment_bytes
    assert (await upload(ana, chat, b"x" * limit))["size"] == limit
    for path, field in ((ATTACHMENTS, "file"), (MESSAGES, "files")):
        files = {field: ("a", b"x" * (limit + 1))}
        fields = {"conversation": chat["id"]}
        await ana.refused("POST", path, data=fields, files=files, status=413, code="attachment_too_large")


async def test_a_body_above_the_limit_is_413_however_it_is_sent(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    settings = world.worker.settings
    size = settings.max_attachments * settings.max_attachment_bytes + settings.max_body_bytes + 1
    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": str(size)}
    for path in (ATTACHMENTS, MESSAGES):
        response = await ana.call("POST", path, content=_nothing_of(size), headers=headers)
        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    fields = {"conversation": (None, chat["id"]), "content": (None, "x" * (settings.max_body_bytes + 1))}
    await ana.refused("POST", MESSAGES, files=fields, status=413, code="body_too_large")
    body = {"conversation": chat["id"], "content": "x" * settings.max_body_bytes}
    await ana.refused("POST", MESSAGES, body, status=413, code="body_too_large")


async def _nothing_of(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536):
        yield bytes(65_536)
    yield bytes(size % 65_536)


async def test_more_files_than_a_message_may_have_are_422(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    files = [("files", (f"{at}", b"x")) for at in range(11)]
    fields = {"conversation": chat["id"]}
    problem = await ana.refused("POST", MESSAGES, data=fields, files=files, status=422, code="invalid")
    assert problem["errors"][0]["loc"] == ["files"]
    assert len((await send_files(ana, chat, *(file for _, file in files[:10])))["attachments"]) == 10
    made = await upload(ana, chat, b"x")
    fields["attachment_ids"] = json.dumps([made["id"]])
    await ana.refused("POST", MESSAGES, data=fields, files=files[:10], status=422, code="invalid")
    body = {"conversation": chat["id"], "attachment_ids": [str(uuid4()) for _ in range(11)]}
    await ana.refused("POST", MESSAGES, body, status=422, code="invalid")


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"conversation": "x"}, "conversation"),
        ({"surprise": "1"}, "surprise"),
        ({"content": "\x00"}, "content"),
        ({"metadata": "{"}, "metadata"),
        ({"metadata": "[" * 100_000}, "metadata"),
        ({"metadata": "[1]"}, "metadata"),
        ({"metadata": '{"n": NaN}'}, "metadata"),
        ({"mentions": "ana"}, "mentions"),
        ({"mentions": '["nobody"]'}, "mentions"),
        ({"attachment_ids": '["x"]'}, "attachment_ids"),
        ({"message_type": "system"}, "message_type"),
        ({"reply_to": NOWHERE}, "reply_to"),
    ],
)
async def test_a_wrong_form_field_is_422(world: World, fields: dict[str, str], loc: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    given = {"conversation": chat["id"], **fields}
    problem = await ana.refused("POST", MESSAGES, data=given, files={"files": ("a", b"x")}, status=422, code="invalid")
    assert problem["errors"][0]["loc"][0] == loc
    assert await bo.history(chat) == []


async def test_an_invalid_form_is_rejected(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    start = b'--b\r\nContent-Disposition: form-data; name="conversation"\r\n\r\n' + chat["id"].encode() + b"\r\n"
    file = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\nx'
    for path, field in ((ATTACHMENTS, b"file"), (MESSAGES, b"files")):
        for content in (b"", b"--b", start, start + file % field, start + b"--b\r\nX: y\r\n\r\nx\r\n--b--\r\n"):
            headers = {"content-type": "multipart/form-data; boundary=b"}
            await ana.refused("POST", path, content=content, headers=headers, status=400, code="malformed_form")
        headers = {"content-type": "multipart/form-data"}
        await ana.refused("POST", path, content=start, headers=headers, status=400, code="malformed_form")
        wrong = {"picture": ("a", b"x")}
        fields = {"conversation": chat["id"]}
        await ana.refused("POST", path, data=fields, files=wrong, status=422, code="invalid")
    await ana.refused("POST", ATTACHMENTS, {"conversation": chat["id"]}, status=415, code="unsupported_media_type")
    await ana.refused("POST", ATTACHMENTS, files={"conversation": (None, chat["id"])}, status=422, code="invalid")
    empty = {"file": ("a", b"")}
    await ana.refused("POST", ATTACHMENTS, data={"conversation": chat["id"]}, files=empty, status=422, code="invalid")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\photo.jpg", "photo.jpg"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\u2066b\u200fc.txt", "abc.txt"),
        ("tab\tand\x7f.txt", "taband.txt"),
        (" .hidden ", "hidden"),
        ("..", "file"),
        ("", "file"),
        ("Ol\u0301a\u0301 👍🏽.txt", "Ólá 👍🏽.txt".replace("Ólá", "Oĺá")),
        ("x" * 300 + ".tar", "x" * 146 + ".tar"),
    ],
)
async def test_a_file_name_is_sanitized(world: World, sent: str, kept: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    head = f'--b\r\nContent-Disposition: form-data; name="conversation"\r\n\r\n{chat["id"]}\r\n'
    part = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{sent}"\r\n\r\nx\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    response = await ana.call("POST", ATTACHMENTS, content=(head + part).encode(), headers=headers)
    if "\x7f" in sent:
        assert response.status_code in (201, 400)
    else:
        assert response.json()["filename"] == kept


DOT_NET = "filename=\"=?utf-8?B?0J/RgNC40LLQtdGCLnR4dA==?=\"; filename*=utf-8''%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82.txt"


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        (DOT_NET, "Привет.txt"),
        (DOT_NET.partition(";")[0], "Привет.txt"),
        ("filename*=utf-8''%D0%9F%D1%80.txt", "Пр.txt"),
        ("filename*=UTF-8'ru'%D0%9F%D1%80.txt; filename=plain.txt", "Пр.txt"),
        ("filename=\"plain.txt\"; filename*=iso-8859-1''ol%E1.txt", "olá.txt"),
        ("filename=\"plain.txt\"; filename*=utf-8''%ff.txt", "plain.txt"),
        ("filename=\"plain.txt\"; filename*=utf-7''x.txt", "plain.txt"),
        ("filename=\"a; filename*=utf-8''b.txt\"", "a; filename=utf-8''b.txt"),
        ("filename*=utf-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("filename*=utf-8''photo%E2%80%AEgnp.exe", "photognp.exe"),
        ('filename="=?utf-8?Q?ol=C3=A1?= =?utf-8?Q?.txt?="', "olá.txt"),
        ('filename="=?unknown?B?x?="', "=unknownBx="),
        ('filename="\U0001fae9\U0001facd.txt"', "\U0001fae9\U0001facd.txt"),
        ('filename="a\ufdd0\U0001ffff\U000e0080b.txt"', "ab.txt"),
    ],
)
async def test_a_file_name_is_read_in_every_spelling(world: World, parameters: str, kept: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    head = f'--b\r\nContent-Disposition: form-data; name="conversation"\r\n\r\n{chat["id"]}\r\n'
    part = f'--b\r\nContent-Disposition: form-data; name="file"; {parameters}\r\n\r\nx\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    response = await ana.call("POST", ATTACHMENTS, content=(head + part).encode(), headers=headers)
    assert (response.status_code, response.json()["filename"]) == (201, kept)


async def test_no_file_is_ever_completely_in_memory(database: str, tmp_path: Path) -> None:
    """The client's part of the measured memory does not depend on the size: uvloop reads up to 8 MiB in one turn."""
    size = 64 << 20
    content = tmp_path / "large"
    content.write_bytes(os.urandom(size))
    settings = make_settings(database, storage_dir=tmp_path / "store", max_attachment_bytes=size)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        tracemalloc.start()
        try:
            with content.open("rb") as file:
                fields = {"conversation": chat["id"]}
                made = await ana.ok("POST", ATTACHMENTS, data=fields, files={"file": ("large", file)}, status=201)
            received = hashlib.sha256()
            async with ana.client.stream("GET", made["url"]) as response:
                async for piece in response.aiter_bytes(65_536):
                    received.update(piece)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert received.hexdigest() == made["sha256"]
    assert peak < size // 3, f"{peak:,} bytes"


async def test_a_document_in_a_zip_is_distinguished_from_a_plain_zip(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    made = await upload(ana, chat, archive("[Content_Types].xml", "xl/workbook.xml"))
    assert made["content_type"].endswith("spreadsheetml.sheet")
