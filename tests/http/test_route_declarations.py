"""Declarations that routes depend on: actions below an external id, and rate classes."""

import re

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tests.support.workers import make_settings
from wasgo_chat.app import create_app
from wasgo_chat.http.dependencies import _RATE_CLASS, EXTERNAL_ID_ACTIONS


@pytest.fixture(scope="module")
def routes() -> list[BaseRoute]:
    return create_app(make_settings("postgresql://localhost/none")).routes


def test_every_action_below_an_external_id_is_excluded_from_the_id(routes: list[BaseRoute]) -> None:
    paths = {route.path for route in routes if isinstance(route, APIRoute) and ":key}" in route.path}
    resources = {path for path in paths if path.endswith(":key}/")}
    actions = {
        match[1] for path in paths for base in resources if (match := re.fullmatch(re.escape(base) + r"(\w+)/", path))
    }
    assert actions == set(EXTERNAL_ID_ACTIONS)


def test_rate_classes_are_declared_at_these_routes_only(routes: list[BaseRoute]) -> None:
    declared = {
        route.path: getattr(route.endpoint, _RATE_CLASS)
        for route in routes
        if isinstance(route, APIRoute) and hasattr(route.endpoint, _RATE_CLASS)
    }
    assert declared == {
        "/chat/messages/": None,
        "/chat/conversations/create_support_conversation/": None,
        "/chat/attachments/": "upload",
        "/chat/ws_tickets/": "ticket",
    }
