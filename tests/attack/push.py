"""Attacks by the endpoints of push subscriptions."""

import asyncio
import base64
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attack.attack import Attacker, attack
from tests.attack.wire import Http


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def subscription(endpoint: str) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"endpoint": endpoint, "keys": {"p256dh": _b64(point), "auth": _b64(secrets.token_bytes(16))}}


@attack(
    "denial",
    "push endpoints with names that take ten seconds to resolve, and 16 users who read",
    seconds=9,
    max_mb=10,
    is_short=True,
)
async def slow_names(attacker: Attacker) -> None:
    users = attacker.users(20)

    async def subscribe(number: int) -> None:
        http = attacker.http()
        body = subscription(f"https://{secrets.token_hex(4)}.slow.test/x")
        await attacker.ask(http, users[number], "POST", "/chat/push_subscriptions/", body)

    async def read(number: int) -> None:
        http = attacker.http()
        for _ in range(15):
            await attacker.ask(http, users[number % 20], "GET", "/chat/conversations/")
            await asyncio.sleep(0.5)

    await attacker.together(*(subscribe(number) for number in range(20)), *(read(number) for number in range(16)))


@attack("denial", "one user subscribes with 200 names that take ten seconds to resolve", seconds=6, max_mb=10)
async def slow_names_of_one_user(attacker: Attacker) -> None:
    user = attacker.user()

    async def step(http: Http, lane: int) -> None:
        body = subscription(f"https://{secrets.token_hex(4)}.slow.test/x")
        await attacker.ask(http, user, "POST", "/chat/push_subscriptions/", body)

    await attacker.repeat(40, step)


INSIDE = (
    "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/", "https://0x7f.1/", "https://2130706433/",
    "https://[::ffff:10.0.0.1]/", "https://192.0.0.8/", "https://[3fff::1]/", "https://[2620:4f:8000::1]/",
    "https://8.8.8.8:99999/", "https://8.8.8.8:0/", "http://8.8.8.8/", "https://user:secret@8.8.8.8/",
    "https://8.8.8.8:22/", "https://localhost/", "https://8.8.8.8:443\u2028/", "https:///x", "https://%31%32%37.0.0.1/",
)  # fmt: skip


@attack("abuse", "push endpoints at internal addresses and strange ports, in many notations", is_short=True, seconds=2)
async def internal_endpoints(attacker: Attacker) -> None:
    user = attacker.user()
    http = attacker.http()
    for endpoint in INSIDE:
        answer = await attacker.ask(http, user, "POST", "/chat/push_subscriptions/", subscription(endpoint))
        attacker.expect(answer.status != 201, f"the endpoint {endpoint!a} is accepted")


@attack("denial", "push endpoints with slow names, where push is not configured", profile="jwks", max_mb=10)
async def push_that_is_off(attacker: Attacker) -> None:
    users = attacker.users(10)

    async def step(http: Http, lane: int) -> None:
        body = subscription(f"https://{secrets.token_hex(4)}.slow.test/x")
        answer = await attacker.ask(http, users[lane], "POST", "/chat/push_subscriptions/", body)
        attacker.expect(answer.status != 201, "a subscription is stored though push is not configured")

    await attacker.repeat(10, step)
