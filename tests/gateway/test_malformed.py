"""Invalid input on a socket: an `error` frame that names the fault, and the connection continues."""

import json

import pytest

from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, world_with

BAD = {
    "not JSON": "{",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "empty": "",
    "no type": "{}",
    "unknown type": '{"type":"explode"}',
    "a server's type": '{"type":"new_message","message":{}}',
    "unknown field": '{"type":"typing","is_typing":true,"colour":"red"}',
    "wrong type": '{"type":"send_message","content":1}',
    "NUL": '{"type":"send_message","content":"a\\u0000b"}',
    "bell": '{"type":"send_message","content":"a\\u0007b"}',
    "lone surrogate": '{"type":"send_message","content":"\\ud800"}',
    "not a number": '{"type":"send_message","content":"x","metadata":{"a":NaN}}',
    "infinite": '{"type":"send_message","content":"x","metadata":{"a":1e999}}',
    "huge integer": '{"type":"send_message","content":"x","metadata":{"a":1' + "0" * 5000 + "}}",
    "deep": "[" * 30_000,
    "deep metadata": '{"type":"send_message","content":"x","metadata":' + '{"a":' * 500 + "1" + "}" * 501,
    "NUL in a key": '{"type":"send_message","content":"x","metadata":{"a\\u0000":1}}',
    "not an id": '{"type":"mark_read","message_ids":["x"]}',
    "no ids": '{"type":"mark_read","message_ids":[]}',
    "empty content": '{"type":"send_message","content":"  "}',
    "not an emoji": '{"type":"react","message_id":"01a2048d-78c0-74aa-9509-437c15040017","emoji":"ab"}',
    "foreign message": '{"type":"delete_message","message_id":"01a2048d-78c0-74aa-9509-437c15040017"}',
    "system": '{"type":"send_message","content":"x","message_type":"system"}',
    "long ref": '{"type":"typing","ref":"' + "x" * 65 + '"}',
}


@pytest.fixture
async def ana(world: World) -> Person:
    return world.person("ana")


@pytest.fixture
async def chat(world: World, ana: Person) -> Json:
    return await ana.direct(world.person("bo"))


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_bad_frames_get_an_error_and_nothing_is_lost(ana: Person, chat: Json, bad: str) -> None:
    async with ana.connect(chat) as live:
        await live.connection.send(bad)
        error = await live.receive("error")
        assert error["code"] in ("invalid", "not_found")
        assert error["detail"]
        assert (await live.request("send_message", content="still here"))["type"] == "ack"


async def test_a_text_that_is_too_long_is_rejected_with_the_limit(ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        for name, most in (("ref", 64), ("client_id", 128)):
            await live.connection.send(json.dumps({"type": "send_message", "content": "x", name: "y" * 200}))
            (error,) = (await live.receive("error"))["errors"]
            assert error == {"loc": [name], "code": "too_long", "message": f"should have at most {most} characters"}


async def test_a_readable_ref_is_returned_with_the_error(ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        await live.connection.send(json.dumps({"type": "send_message", "content": 1, "ref": "mine"}))
        assert (await live.receive("error"))["ref"] == "mine"


async def test_a_binary_frame_is_malformed(ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        await live.connection.send(b"\xff\xfe")
        assert (await live.receive("error"))["code"] == "invalid"


async def test_invalid_utf8_closes_as_the_rfc_requires(ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        await live.connection.send(b"\xff\xfe", text=True)
        assert (await live.wait_closed())[0] == 1007


async def test_ten_malformed_frames_in_a_row_close_the_socket(ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        for _ in range(9):
            await live.connection.send("{")
        assert (await live.request("typing", is_typing=True))["type"] == "ack"
        for _ in range(10):
            await live.connection.send("{")
        assert (await live.wait_closed())[0] == 4400


async def test_a_frame_over_64_kib_closes_with_1009(ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        await live.connection.send(json.dumps({"type": "send_message", "content": "x" * 65_600}))
        assert (await live.wait_closed())[0] == 1009


async def test_exceeding_the_rate_is_an_error_with_a_delay_and_then_a_close(database: str) -> None:
    async with world_with(make_settings(database, message_rate=2, max_bad_frames=3)) as there:
        ana, bo = there.people("ana", "bo")
        chat = await ana.direct(bo)
        async with ana.connect(chat) as live:
            for _ in range(2):
                assert (await live.request("send_message", content="x"))["type"] == "ack"
            refused = await live.request("send_message", content="x")
            assert refused["code"] == "rate_limited"
            assert refused["retry_after_s"] > 0
            for _ in range(2):
                await live.send("send_message", content="x")
            code, reason = await live.wait_closed()
            assert code == 4429
            assert "retry after" in reason
