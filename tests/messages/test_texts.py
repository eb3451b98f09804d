"""What a text is, at every entry: one kind of line end, and nothing that is displayed as nothing."""

import json

import pytest

from tests.support.world import World

WINDOWS = "first\r\nsecond\rthird"
NEWLINES = "first\nsecond\nthird"
INVISIBLE = {
    "zero width space": "\u200b",
    "joiners": "\u200d\u200c",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "word joiner": "\u2060",
    "variation selector": "\ufe0f",
    "direction override": "\u202e",
    "Braille blank": "\u2800",
    "Hangul filler": "\u3164",
    "tags": "\U000e0020\U000e007f",
    "grapheme joiner": "\u034f",
    "blanks": " \u00a0\n\t\u3000",
}


@pytest.mark.parametrize("blank", INVISIBLE.values(), ids=INVISIBLE)
async def test_a_text_that_is_displayed_as_nothing_is_empty(world: World, blank: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "visible")
    job = await world.job(admin=ana, participant=bo)
    body = {"conversation": chat["id"], "content": blank}
    for answer in (
        await ana.refused("POST", "/chat/messages/", body, status=422, code="invalid"),
        await ana.refused("POST", f"/chat/messages/{sent['id']}/edit/", {"content": blank}, status=422, code="invalid"),
        await world.service.refused(
            "POST", f"/chat/conversations/{job['id']}/system_messages/", {"content": blank}, status=422, code="invalid"
        ),
    ):
        assert answer["errors"][0]["code"] == "empty"


async def test_visible_texts_with_invisible_characters_stay_as_they_are(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for text in ("👨‍👩‍👧", "می‌خواهم", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\u0301", "\u200bhidden"):
        assert (await ana.send(chat, text))["content"] == text


async def test_line_ends_of_other_systems_become_newlines_at_every_entry(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    job = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{job['id']}/system_messages/"
    sent = await ana.send(job, WINDOWS, metadata={"note": WINDOWS, "list": [{"deep": WINDOWS}]})
    assert sent["content"] == NEWLINES
    assert (sent["metadata"]["note"], sent["metadata"]["list"][0]["deep"]) == (NEWLINES, NEWLINES)
    form = {"conversation": job["id"], "content": WINDOWS, "metadata": json.dumps({"note": WINDOWS})}
    by_form = await ana.ok("POST", "/chat/messages/", data=form, files={"files": ("a.txt", b"a")}, status=201)
    assert (by_form["content"], by_form["metadata"]["note"]) == (NEWLINES, NEWLINES)
    edited = await ana.ok("POST", f"/chat/messages/{sent['id']}/edit/", {"content": "new\r\n"})
    assert edited["content"] == "new\n"
    note = await world.service.ok("POST", path, {"content": WINDOWS}, status=201)
    assert note["content"] == NEWLINES
    async with ana.connect(job) as live:
        ack = await live.request("send_message", content=WINDOWS)
        frame = await live.request("edit_message", message_id=ack["message_id"], content=WINDOWS + "\r")
        assert frame["type"] == "ack"
    assert (await ana.history(job))[0]["content"] == NEWLINES + "\n"
