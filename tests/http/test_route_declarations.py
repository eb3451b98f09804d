"""Declarations that routes depend on: actions below an external id, and rate classes."""

import re

import pytest
from fastapi.routing import APIRoute

from tests.support.world import routes_in
from wasgo_chat.app import create_app
from wasgo_chat.http.dependencies import _RATE_CLASS, EXTERNAL_ID_ACTIONS
from wasgo_chat.settings.config import DEVELOPMENT_SECRET, Settings


@pytest.fixture(scope="module")
def routes() -> list[APIRoute]:
    settings = {"database_url": "postgresql://localhost/none", "jwt_secret": DEVELOPMENT_SECRET}
    return routes_in(create_app(Settings.model_validate(settings)))


def test_every_action_below_an_external_id_is_excluded_from_the_id(routes: list[APIRoute]) -> None:
    paths = {route.path for route in routes if ":key}" in route.path}
    resources = {path for path in paths if path.endswith(":key}/")}
    matches = [re.fullmatch(re.escape(resource) + r"(\w+)/", path) for path in paths for resource in resources]
    assert {match[1] for match in matches if match is not None} == set(EXTERNAL_ID_ACTIONS)


def test_rate_classes_are_declared_at_these_routes_only(routes: list[APIRoute]) -> None:
    declared = {
        route.path: getattr(route.endpoint, _RATE_CLASS) for route in routes if hasattr(route.endpoint, _RATE_CLASS)
    }
    assert declared == {
        "/chat/messages/": None,
        "/chat/conversations/create_support_conversation/": None,
        "/chat/attachments/": "upload",
        "/chat/ws_tickets/": "ticket",
        "/chat/push_subscriptions/": "push_subscription",
    }
