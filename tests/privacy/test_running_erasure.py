"""During an erasure, a long log is rewritten page by page: it can be replayed after every step."""

import pytest

from tests.support.client_state import ClientState
from tests.support.workers import Worker, make_settings
from tests.support.world import world_with
from wasgo_chat.privacy import erasure


async def step(worker: Worker) -> bool:
    async with worker.db.transaction() as tx:
        claimed = await erasure.claim(tx)
        if claimed is not None:
            await erasure.step(tx, claimed, worker.parts.personal_data)
        return claimed is not None


async def never(_: object) -> bool:
    return False


async def test_a_log_can_be_replayed_after_every_step(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "is_due", never)
    monkeypatch.setattr(erasure, "EVENTS_PAGE", 6)
    async with world_with(make_settings(database)) as world:
        ana, bo, cy = world.people("ana", "bo", "cy")
        await cy.ok("GET", "/chat/conversations/")
        chat = await world.job(admin=ana, participant=bo)
        path = f"/chat/conversations/{chat['id']}"
        await ana.ok("POST", f"{path}/add_participant/", {"user_id": cy.id}, status=201)
        await ana.ok("PATCH", f"{path}/participants/{cy.id}/", {"role": "moderator"})
        for _ in range(8):
            await ana.send(chat)
        await world.service.ok("DELETE", f"/chat/users/{cy.id}/", status=202)
        ids: set[str] = set()
        while await step(world.worker):
            events = await bo.events(chat)
            people = [
                one["participant"]
                for one in events
                if one["type"].startswith("participant_") and one["type"] != "participant_removed"
            ]
            ids.update(person["user"]["id"] for person in people)
            head = events[-1]["seq"]
            async with bo.connect(chat, after_seq=0) as live:
                while (await live.next_frame()).get("seq") != head:
                    pass
        assert len(ids - {cy.id}) == 1, "its pseudonym"
        assert cy.id not in (await ClientState.load(bo, chat)).participants
