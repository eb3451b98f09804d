"""Dead deliveries: why they failed, and retrying them, one or all of a kind."""

import pytest

from tests.notifications.notification_world import NotificationWorld
from tests.privacy.traced_user import wait_erased
from tests.support.world import Json, Person, pages, rows

PATH = "/chat/operators/deliveries/"


@pytest.fixture
async def dead(scenario: NotificationWorld) -> dict[str, Person]:
    """Three dead deliveries: two mails that a server rejected permanently, and a webhook."""
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    dee = await scenario.person("dee", only="webhook")
    scenario.mailbox.responses[:] = ["554 never"] * 2
    scenario.receiver.responses[:] = ["410 Gone"] * 3
    for other in (bo, cy, dee):
        await ana.send(await ana.direct(other))
    await scenario.deliver_due(bo, cy, dee)
    return {"bo": bo, "cy": cy, "dee": dee, "staff": scenario.world.person("staff", staff=True)}


async def listed(staff: Person, **query: str) -> list[Json]:
    return [one for page in await pages(staff, PATH, limit=1, **query) for one in page]


async def retried(scenario: NotificationWorld) -> list[tuple[str, str | None, str | None]]:
    found = await rows(
        scenario.world.worker,
        "SELECT action, user_id, target FROM audit WHERE action LIKE 'deliver%' ORDER BY id",
    )
    return [tuple(row) for row in found]


async def test_dead_deliveries_are_listed_and_counted_by_reason(
    scenario: NotificationWorld, dead: dict[str, Person]
) -> None:
    staff = dead["staff"]
    found = await listed(staff)
    assert {one["user_id"] for one in found} == {dead[name].id for name in ("bo", "cy", "dee")}
    assert {one["state"] for one in found} == {"dead"}
    kinds = await staff.ok("GET", f"{PATH}kinds/")
    webhook = next(one["error"] for one in found if one["channel"] == "webhook")
    assert [(one["channel"], one["error"], one["count"]) for one in kinds["results"]] == [
        ("email", "smtp_554", 2),
        ("webhook", webhook, 1),
    ]
    assert kinds["is_complete"]
    figures = await staff.ok("GET", "/chat/operators/figures/")
    assert figures["deliveries"] == {"pending": 0, "sending": 0, "retrying": 0, "dead": 3}
    mails = await listed(staff, channel="email", error="smtp_554")
    assert {one["user_id"] for one in mails} == {dead["bo"].id, dead["cy"].id}
    assert await listed(staff, channel="webhook", error="smtp_554") == []


async def test_one_delivery_is_retried_once_however_often_it_is_requested(
    scenario: NotificationWorld, dead: dict[str, Person]
) -> None:
    staff, bo = dead["staff"], dead["bo"]
    (letter,) = [one for one in await listed(staff) if one["user_id"] == bo.id]
    first = await staff.ok("POST", f"{PATH}{letter['id']}/retry/")
    assert first["state"] == "retrying"
    await staff.ok("POST", f"{PATH}{letter['id']}/retry/")
    await scenario.deliver_due(bo)
    again = await staff.ok("POST", f"{PATH}{letter['id']}/retry/")
    assert again["state"] == "sent"
    assert len(scenario.mails_to(bo)) == 1
    assert await retried(scenario) == [("delivery_retried", bo.id, letter["id"])]


async def test_all_of_a_kind_are_retried_and_no_others(scenario: NotificationWorld, dead: dict[str, Person]) -> None:
    staff, kind = dead["staff"], {"channel": "email", "error": "smtp_554"}
    assert await staff.ok("POST", f"{PATH}retry/", kind) == {"retried": 2, "has_more": False}
    await scenario.deliver_due(dead["bo"], dead["cy"])
    assert (len(scenario.mails_to(dead["bo"])), len(scenario.mails_to(dead["cy"]))) == (1, 1)
    assert await staff.ok("POST", f"{PATH}retry/", kind) == {"retried": 0, "has_more": False}
    assert [one["user_id"] for one in await listed(staff)] == [dead["dee"].id]
    assert await retried(scenario) == [("deliveries_retried", None, "email smtp_554: 2")]


async def test_deliveries_to_an_erased_user_are_gone(scenario: NotificationWorld, dead: dict[str, Person]) -> None:
    bo = dead["bo"]
    await scenario.world.service.ok("DELETE", f"/chat/users/{bo.id}/", status=202)
    await wait_erased(scenario.world, bo.id)
    assert bo.id not in {one["user_id"] for one in await listed(dead["staff"])}
