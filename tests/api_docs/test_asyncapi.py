"""The AsyncAPI document: its examples are valid, its frames match what sockets send, and it is served."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import ASYNCAPI, OPENAPI, check_frame, validator
from tests.support.workers import make_settings
from tests.support.world import Json, World, world_with
from wasgo_chat.api_docs.openapi_examples import CHAT, MESSAGE
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.gateway.commands import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"
MESSAGES = ASYNCAPI["components"]["messages"]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_has_valid_examples(name: str) -> None:
    message = MESSAGES[name]
    assert message["examples"]
    for example in message["examples"]:
        validator(message["payload"]["$ref"].removeprefix("#"), of_sockets=True).validate(example["payload"])


def test_an_invalid_frame_does_not_match_the_schema() -> None:
    with pytest.raises(ValueError, match="not valid"):
        check_frame({"type": "new_message", "conversation_id": CHAT, "seq": 1})


def test_every_close_code_is_described() -> None:
    by_protocol = {1002, 1007, 1009, 1011}
    assert {code for code in CloseCode if code.sender == "protocol"} == by_protocol
    assert set(CloseCode) == {int(code) for code in ASYNCAPI["x-close-codes"]}


def test_every_close_code_has_its_action() -> None:
    actions = {int(code): action for code, action in ASYNCAPI["x-close-code-actions"].items()}
    assert actions == {code: code.action for code in CloseCode}


@pytest.mark.parametrize("name", [command.type for command in COMMANDS])
async def test_the_examples_of_client_frames_are_acked(world: World, name: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    message = await ana.send(chat, "hi")
    async with ana.connect(None) as live:
        if name not in ("subscribe", "refresh_token"):
            await live.request("subscribe", conversation_id=chat["id"])
        for example in COMMANDS[name].examples:
            text = json.dumps(example).replace(CHAT, chat["id"]).replace(MESSAGE, message["id"])
            frame: Json = {"conversation_id": chat["id"], **json.loads(text), "ref": None}
            if name == "refresh_token":
                frame["token"] = ana.bearer
            answer = await live.request(
                frame.pop("type"), **{key: value for key, value in frame.items() if key != "ref"}
            )
            assert answer["type"] == "ack", answer
            schema = MESSAGES[f"{name}_ack"]["payload"]["$ref"].removeprefix("#")
            validator(schema, of_sockets=True).validate(answer)


async def test_both_documents_are_served_as_committed(world: World) -> None:
    ana = world.person("ana")
    assert (await ana.client.get("/openapi.json")).json() == OPENAPI
    served = await ana.client.get("/asyncapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.json() == json.loads((DOCS / "asyncapi.json").read_text())


async def test_documents_are_made_once_and_counted_by_address(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world_with(make_settings(database, rate_address_per_minute=2, trusted_proxies=["127.0.0.1"])) as world:
        made = 0
        make = world.worker.app.openapi

        def count() -> Any:
            nonlocal made
            made += 1
            return make()

        monkeypatch.setattr(world.worker.app, "openapi", count)
        client = world.person("ana").client
        for path in ("/openapi.json", "/asyncapi.json"):
            for address in ("8.8.8.8", "8.8.4.4"):
                answer = await client.get(path, headers={"X-Forwarded-For": address})
                assert answer.status_code == 200
        assert made == 1
        assert (await client.get("/openapi.json", headers={"X-Forwarded-For": "8.8.8.8"})).status_code == 429
