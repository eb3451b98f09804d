"""Features: each declares everything it must have, and a setting switches it off."""

from pathlib import Path

import pytest

from tests.support.workers import make_settings, running
from tests.support.world import World
from wasgo_chat.core.encoding import new_id
from wasgo_chat.feature import Done, Exempt, Feature, Requirement
from wasgo_chat.feature_registry import CONSUMERS, FEATURES
from wasgo_chat.settings.access import AccessSettings
from wasgo_chat.settings.config import SETTING_GROUPS, Settings
from wasgo_chat.settings.connections import ConnectionSettings
from wasgo_chat.settings.features import FeatureSettings
from wasgo_chat.settings.limits import LimitSettings
from wasgo_chat.settings.operation import OperationSettings
from wasgo_chat.settings.retention import RetentionSettings
from wasgo_chat.settings.sockets import SocketSettings
from wasgo_chat.tables import METADATA

ROOT = Path(__file__).resolve().parents[1]
TEXT_FILES = {".md", ".py", ".ts", ".tsx", ".json", ".yaml", ".yml", ".css"}

CORE_TABLES = {
    "audit",
    "conversations",
    "erasures",
    "events",
    "feed",
    "feed_end",
    "feed_heads",
    "feed_offsets",
    "idempotency_keys",
    "installation",
    "message_revisions",
    "messages",
    "parked_events",
    "participants",
    "pending",
    "reactions",
    "reader_cursors",
    "reads",
    "socket_tickets",
    "users",
}
"""Tables without which there is no chat: they belong to no feature."""

CORE_SETTINGS = {
    AccessSettings,
    ConnectionSettings,
    FeatureSettings,
    LimitSettings,
    OperationSettings,
    RetentionSettings,
    SocketSettings,
}


def _occurs(text: str, path: Path) -> bool:
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.suffix in TEXT_FILES and "node_modules" not in file.parts]
        return not text or any(text in file.read_text() for file in files)
    return text in path.read_text()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_requirement_of_a_feature_is_met_or_excused(feature: Feature) -> None:
    assert set(feature.requirements) == set(Requirement)
    for requirement, answer in feature.requirements.items():
        match answer:
            case Done(path, text):
                assert (ROOT / path).exists(), f"{requirement}: {path} does not exist"
                assert _occurs(text, ROOT / path), f"{requirement}: {path} does not contain {text!r}"
            case Exempt(reason):
                assert len(reason.split()) >= 4, f"{requirement}: the reason is missing"


def test_every_table_belongs_to_the_core_or_to_one_feature() -> None:
    owned = [table for feature in FEATURES for table in feature.tables]
    assert len(owned) == len(set(owned))
    assert {*owned, *CORE_TABLES} == set(METADATA.tables)


def test_every_group_of_settings_belongs_to_the_core_or_to_one_feature() -> None:
    owned = [feature.settings for feature in FEATURES if feature.settings is not None]
    assert len(owned) == len(set(owned))
    assert {*owned, *CORE_SETTINGS} == set(SETTING_GROUPS)
    named = [name for group in SETTING_GROUPS for name in group.model_fields]
    assert sorted(named) == sorted(Settings.model_fields)


def test_every_consumer_has_a_name_of_its_own() -> None:
    names = [consumer.name for consumer in CONSUMERS]
    assert len(names) == len(set(names))


def test_every_switch_is_a_setting_that_is_on_by_default() -> None:
    for feature in FEATURES:
        assert feature.setting is None or Settings.model_fields[feature.setting].default is True


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
async def test_the_routes_of_a_feature_that_is_off_answer_403_before_anything_else(
    database: str, feature: Feature
) -> None:
    assert feature.setting is not None
    async with running(make_settings(database, **{feature.setting: False})) as worker:
        world = World(worker)
        ana = world.person("ana")
        document = (await ana.client.get("/openapi.json")).json()
        for router in feature.routers:
            for route in router.routes:
                path = route.path  # type: ignore[attr-defined]  # an APIRoute
                assert path not in document["paths"]
                for method in route.methods:  # type: ignore[attr-defined]  # an APIRoute
                    response = await ana.client.request(
                        method, path.replace(":key", "").format_map(_Ids()), content=b"{not json"
                    )
                    assert response.status_code == 403, (method, path, response.text)
                    if method != "HEAD":
                        assert response.json()["code"] == "feature_off"
        await world.close()


async def test_messages_are_exchanged_with_every_feature_off(database: str) -> None:
    off = {feature.setting: False for feature in FEATURES if feature.setting is not None}
    async with running(make_settings(database, **off)) as worker:
        world = World(worker)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with bo.connect(chat) as live:
            await ana.send(chat, "hi")
            assert (await live.receive("new_message"))["message"]["content"] == "hi"
            assert live.hello["features"] == []
        await world.close()


class _Ids(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "x"


async def test_messages_with_files_are_refused_where_attachments_are_off(database: str) -> None:
    async with running(make_settings(database, attachments=False)) as worker:
        world = World(worker)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        body = {"conversation": chat["id"], "content": "see", "attachment_ids": [str(new_id())]}
        as_json = await ana.client.post("/chat/messages/", json=body)
        form = {"conversation": chat["id"], "content": "see"}
        as_form = await ana.client.post("/chat/messages/", data=form, files={"files": ("a.txt", b"a")})
        for response in (as_json, as_form):
            assert (response.status_code, response.json()["code"]) == (403, "feature_off")
        await ana.send(chat, "without files")
        await world.close()
