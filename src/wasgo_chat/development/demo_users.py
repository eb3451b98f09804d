"""The demo users, and a route that returns their tokens. Only in `dev`, where the signing key is public anyway."""

from typing import Any

from fastapi import APIRouter, Response

from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.http.dependencies import AnonymousRateLimit
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

DAY_S = 86_400
DEMO_USERS = {"ana": "Ana Lima", "bo": "Bo Chen", "cy": "Cy Okafor", "mia": "Mia Rossi", "sam": "Sam Ortiz"}
STAFF = "sam"
_DESCRIPTIONS = {
    "ana": "A homeowner with jobs to be done",
    "bo": "A craftsman: paints, tiles and builds",
    "cy": "An observer",
    "mia": "A gardener who bids for jobs",
    "sam": "A staff user of the platform",
}


def demo_token(settings: Settings, name: str) -> str:
    """A token of a demo user, valid for one day."""
    return mint_user(settings, name, ttl_s=DAY_S, username=name, staff=name == STAFF)


def demo_users_route(settings: Settings) -> APIRouter:
    """`GET /demo/users/`: the demo users with tokens."""
    router = APIRouter(prefix="/demo", include_in_schema=False)

    @router.get("/users/", dependencies=[AnonymousRateLimit])
    async def list_demo_users() -> Response:
        return JsonResponse({"results": [_render(settings, name) for name in DEMO_USERS]})

    return router


def _render(settings: Settings, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "username": name,
        "display_name": DEMO_USERS[name],
        "avatar_url": None,
        "is_staff": name == STAFF,
        "about": _DESCRIPTIONS[name],
        "token": demo_token(settings, name),
    }
