"""What one user may ask for in a minute, whatever they mix: refused frames, changes of messages, new sockets."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import connect

from tests.support.workers import make_settings
from tests.support.world import SocketClient, world_with
from wasgo_chat.core.encoding import new_id

BAD, GOOD = '{"type":"typing","colour":"red"}', '{"type":"typing","is_typing":true}'
MESSAGES = "/chat/messages/"


async def test_refused_frames_have_a_limit_also_with_good_ones_in_between(database: str) -> None:
    async with world_with(make_settings(database, rate_frames_per_minute=200)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with ana.connect(chat) as live, bo.connect(chat) as other:
            for _ in range(21):
                await live.connection.send(BAD)
                await live.connection.send(GOOD)
            code, reason = await live.wait_closed()
            assert (code, reason.startswith("too many refused frames; retry after ")) == (4429, True)
            assert (await other.request("typing", is_typing=True))["type"] == "ack"


async def test_an_invalid_message_counts_as_a_refused_frame(database: str) -> None:
    async with world_with(make_settings(database, rate_frames_per_minute=200)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with ana.connect(chat) as live:
            for _ in range(21):
                await live.send("send_message", content="x", metadata={"list": [1] * 5_000})
            code, _ = await live.wait_closed()
            assert code == 4429


async def test_the_errors_of_a_frame_are_few_however_many_fields_are_unknown(database: str) -> None:
    async with world_with(make_settings(database)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        fields: dict[str, Any] = {f"f{number}": 1 for number in range(5_000)}
        async with ana.connect(chat) as live:
            error = await live.request("typing", **fields)
            assert [error["code"] for error in error["errors"]] == ["too_many_fields"]
            error = await live.request("typing", is_typing="no", **dict(list(fields.items())[:20]))
            assert len(error["errors"]) == 20


async def test_frames_about_unknown_conversations_count_as_refused(database: str) -> None:
    async with world_with(make_settings(database, rate_frames_per_minute=200)) as world:
        ana = world.person("ana")
        async with ana.connect(None) as live:
            for _ in range(21):
                await live.send("send_message", conversation_id=str(new_id()), content="x")
            code, reason = await live.wait_closed()
            assert (code, reason.startswith("too many refused frames; retry after ")) == (4429, True)


async def test_replayed_events_count_as_frames(database: str) -> None:
    async with world_with(make_settings(database, rate_frames_per_minute=10)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        for number in range(60):
            await bo.send(chat, str(number))
        about = {"conversation_id": chat["id"]}
        async with ana.connect(None) as live, bo.connect(None) as other:
            for _ in range(3):
                assert (await live.request("subscribe", **about, after_seq=0))["type"] == "ack"
                assert (await other.request("subscribe", **about))["type"] == "ack"
            assert (await live.request("subscribe", **about))["code"] == "rate_limited"
            assert (await other.request("subscribe", **about))["type"] == "ack"


async def test_frames_that_arrive_together_do_not_delay_other_connections_together(database: str) -> None:
    async with world_with(make_settings(database, rate_frames_per_minute=0)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        wide = {"conversation_id": str(new_id()), "content": "x", "metadata": {"x": [[[]]] * 7_000}}
        frame, answered = json.dumps({"type": "send_message", **wide}), 0

        async def count(live: SocketClient) -> None:
            nonlocal answered
            while answered < 100:
                await live.receive("error")
                answered += 1

        async with ana.connect(None) as flooding, bo.connect(chat) as other:
            counting = asyncio.create_task(count(flooding))
            sending = asyncio.gather(*(flooding.connection.send(frame) for _ in range(100)))
            await asyncio.sleep(0)
            assert (await other.request("typing", is_typing=True))["type"] == "ack"
            assert answered < 90
            await sending
            await counting


async def test_edits_reactions_and_deletions_count_as_messages_over_http_and_on_a_socket(database: str) -> None:
    async with world_with(make_settings(database, message_rate=4, message_rate_window_s=60)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        sent = await ana.send(chat)
        path = f"{MESSAGES}{sent['id']}"
        await ana.ok("POST", f"{path}/edit/", {"content": "edited"})
        await ana.ok("POST", f"{path}/react/", {"emoji": "👍"})
        async with ana.connect(chat) as live:
            edit = await live.request("edit_message", message_id=sent["id"], content="again")
            assert (edit["type"], edit["revision"]) == ("ack", 3)
            for frame_type, fields in (
                ("edit_message", {"content": "too much"}),
                ("react", {"emoji": "👍"}),
                ("delete_message", {}),
            ):
                assert (await live.request(frame_type, message_id=sent["id"], **fields))["code"] == "rate_limited"
        for action, body in (("edit", {"content": "too much"}), ("react", {"emoji": "👍"}), ("delete", None)):
            await ana.refused("POST", f"{path}/{action}/", body, status=429, code="rate_limited")
        await bo.ok("POST", f"{path}/react/", {"emoji": "👍"})
        assert (await bo.history(chat))[0]["content"] == "again"


async def test_a_message_can_be_edited_a_limited_number_of_times(database: str) -> None:
    async with world_with(make_settings(database, max_edits=3)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        path = f"{MESSAGES}{(await ana.send(chat))['id']}"
        for number in range(3):
            await ana.ok("POST", f"{path}/edit/", {"content": str(number)})
        problem = await ana.refused("POST", f"{path}/edit/", {"content": "4"}, status=409, code="limit_reached")
        assert "at most 3 times" in problem["detail"]
        await ana.ok("POST", f"{path}/edit/", {"content": "2"})  # the same content is no edit
        assert (await ana.ok("POST", f"{path}/delete/"))["is_deleted"]


async def test_a_user_opens_a_limited_number_of_sockets_a_minute(database: str) -> None:
    async with world_with(make_settings(database, rate_connects_per_minute=3)) as world:
        ana, bo = world.people("ana", "bo")
        for _ in range(3):
            async with ana.connect(None):
                pass
        async with ana.connect_raw(None) as live:
            code, reason = await live.wait_closed()
            assert (code, reason.startswith("too many new connections; retry after ")) == (4429, True)
            assert 0 < float(reason.rsplit(" ", 1)[1]) <= 60
        async with bo.connect(None):
            pass


async def test_an_address_opens_a_limited_number_of_sockets_a_minute_without_a_token(database: str) -> None:
    limited = make_settings(database, rate_address_per_minute=3, trusted_proxies=["127.0.0.1"])
    async with world_with(limited) as world:
        codes = []
        for address in ["8.8.4.4"] * 4 + ["8.8.8.8"]:
            forwarded = {"X-Forwarded-For": address}
            async with connect(f"{world.worker.ws_url}/ws/chat/", additional_headers=forwarded) as connection:
                codes.append((await SocketClient(connection).wait_closed())[0])
    assert codes == [4401, 4401, 4401, 4429, 4401]
