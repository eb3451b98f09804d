"""Attacks on the keys of tokens: a JWKS document that never arrives, and tokens that ask for keys nobody has."""

import secrets

from tests.attack.attack import Attacker, attack
from tests.attack.wire import Http
from tests.identity.issuer import sign, user_claims


@attack(
    "denial",
    "tokens with unknown key ids, while the JWKS hangs and its keys are stale",
    profile="jwks",
    seconds=6,
)
async def unknown_keys_while_the_issuer_hangs(attacker: Attacker) -> None:
    claims = user_claims(attacker.settings, "mallory")
    tokens = [sign(claims, attacker.key, "RS256", kid=f"x{secrets.token_hex(4)}") for _ in range(40)]

    async def step(http: Http, lane: int) -> None:
        for token in tokens:
            attacker.judge(await http.ask("GET", "/chat/conversations/", token=token))

    await attacker.repeat(20, step)
