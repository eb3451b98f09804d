"""The demo users, and the door that hands out their tokens. Only `dev` has it: there the key is public anyway."""

from typing import Any

from fastapi import APIRouter, Response

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.http.dependencies import AnonymousRateLimit
from wasgo_chat.identity.tokens import mint_user

DAY_S = 86_400
PEOPLE = {"ana": "Ana Lima", "bo": "Bo Chen", "cy": "Cy Okafor", "mia": "Mia Rossi", "sam": "Sam Ortiz"}
STAFF = "sam"
_ABOUT = {
    "ana": "Has a house, and things to be done in it",
    "bo": "Paints, tiles and builds",
    "cy": "Looks on: an observer",
    "mia": "A gardener who makes bids",
    "sam": "Of the platform's staff",
}


def demo_token(settings: Settings, name: str) -> str:
    """A token of a demo user, good for a day."""
    return mint_user(settings, name, ttl_s=DAY_S, username=name, staff=name == STAFF)


def demo_users_route(settings: Settings) -> APIRouter:
    """`GET /demo/users/`: who can be played, with tokens."""
    router = APIRouter(prefix="/demo", include_in_schema=False)

    @router.get("/users/", dependencies=[AnonymousRateLimit])
    async def list_demo_users() -> Response:
        """The demo users with their tokens."""
        return JsonResponse({"results": [_shape(settings, name) for name in PEOPLE]})

    return router


def _shape(settings: Settings, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "username": name,
        "display_name": PEOPLE[name],
        "avatar_url": None,
        "is_staff": name == STAFF,
        "about": _ABOUT[name],
        "token": demo_token(settings, name),
    }
