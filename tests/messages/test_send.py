"""Sending: what is stored is what was sent, once, and who may not."""

from tests.support.world import World


async def test_a_sent_message_is_stored_and_listed(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "Hello, Bo!\n\tTabs and 👍🏽 stay.", client_id="m1")
    assert sent["seq"] == 1
    assert sent["sender"]["id"] == ana.id
    assert (await bo.history(chat)) == [sent]
    assert (await bo.sees(chat))["last_message"] == sent


async def test_the_same_client_id_gives_the_first_message_again(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "once", client_id="c1")
    body = {"conversation": chat["id"], "content": "once", "client_id": "c1"}
    response = await ana.call("POST", "/chat/messages/", body)
    assert response.status_code == 200
    assert response.headers["Idempotent-Replay"] == "true"
    assert response.json() == sent
    body["content"] = "twice"
    await ana.refused("POST", "/chat/messages/", body, status=409, code="idempotency_conflict")
    assert len(await bo.history(chat)) == 1
