"""Keys of the platform: a public key, or a JWKS document that rotates; no algorithm is confused with another."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.identity.issuer import KINDS, Issuer, forge, make_key, public_pem, sign, user_claims
from tests.support.workers import make_settings
from tests.support.world import Caller, World, world_with
from wasgo_chat.identity import jwks
from wasgo_chat.identity.tokens import TokenVerifier
from wasgo_chat.settings.config import Settings, UnsafeSettings

ME = "/chat/conversations/unread_counts/"
SIGNING_KEY = "a-key-of-cursors-that-is-long-enough-for-it"


def keyed(database: str, **keys: Any) -> Settings:
    return make_settings(database, **{"jwt_secret": None, "secret_key": SIGNING_KEY, **keys})


async def status(world: World, bearer: str) -> int:
    response = await Caller(world, bearer).call("GET", ME)
    return response.status_code


@asynccontextmanager
async def trusting(database: str, *kids: str) -> AsyncIterator[tuple[World, Issuer]]:
    """A world whose worker trusts an issuer with these keys, named after algorithm and number."""
    issuer = Issuer()
    for kid in kids:
        issuer.add(kid, kid.split("-")[0])
    async with issuer.serving(), world_with(keyed(database, jwks_url=issuer.url)) as world:
        yield world, issuer


@pytest.mark.parametrize("algorithm", KINDS)
async def test_a_public_key_verifies_its_own_algorithm_and_no_other(database: str, algorithm: str) -> None:
    key = make_key(algorithm)
    pem = public_pem(key)
    async with world_with(keyed(database, jwt_public_key=pem)) as world:
        claims = user_claims(world.worker.settings, world.unique("ana"))
        assert await status(world, sign(claims, key, algorithm)) == 200
        for other in KINDS:
            assert await status(world, sign(claims, make_key(other), other)) == 401
        for secret in (pem, pem.strip(), pem.replace("\n", "\\n")):
            for named in ("HS256", algorithm):
                assert await status(world, forge(claims, {"alg": named}, secret.encode())) == 401
        assert await status(world, forge(claims, {"alg": "none"})) == 401
        if algorithm == "RS256":
            for relative in ("RS512", "PS256"):
                assert await status(world, sign(claims, key, relative)) == 401


async def test_a_public_key_may_be_written_on_one_line(database: str) -> None:
    key = make_key("ES256")
    async with world_with(keyed(database, jwt_public_key=public_pem(key).replace("\n", "\\n"))) as world:
        claims = user_claims(world.worker.settings, world.unique("ana"))
        assert await status(world, sign(claims, key, "ES256")) == 200


async def test_every_kind_of_key_in_a_document_is_accepted_and_fetched_once(database: str) -> None:
    async with trusting(database, *KINDS) as (world, issuer):
        claims = user_claims(world.worker.settings, world.unique("ana"))
        for _ in range(3):
            for kid in KINDS:
                assert await status(world, issuer.token(kid, claims)) == 200
        assert issuer.fetches == 1


async def test_a_key_of_a_document_is_not_used_for_another_algorithm(database: str) -> None:
    async with trusting(database, *KINDS) as (world, issuer):
        claims = user_claims(world.worker.settings, world.unique("ana"))
        for kid, (_, key) in issuer.keys.items():
            assert await status(world, forge(claims, {"alg": "HS256", "kid": kid}, public_pem(key).encode())) == 401
            assert await status(world, forge(claims, {"alg": "none", "kid": kid})) == 401
            assert await status(world, forge(claims, {"alg": "RS256", "kid": kid}, b"x" * 32)) == 401
            for other in KINDS:
                if other != kid:
                    confused = sign(claims, issuer.keys[other][1], other, kid=kid)
                    assert await status(world, confused) == 401, (kid, other)
        signer = issuer.keys["RS256"][1]
        assert await status(world, sign(claims, signer, "RS256")) == 401
        assert await status(world, sign(claims, signer, "PS256", kid="RS256")) == 401
        for wrong in (7, ["RS256"], {"a": 1}, ""):
            assert await status(world, forge(claims, {"alg": "RS256", "kid": wrong}, b"x" * 32)) == 401


async def test_an_unknown_key_is_looked_up_again_but_not_at_every_attempt(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trusting(database, "ES256") as (world, issuer):
        claims = user_claims(world.worker.settings, world.unique("ana"))
        assert await status(world, issuer.token("ES256", claims)) == 200
        old = issuer.token("ES256", claims)
        issuer.add("ES256-2", "ES256")
        for number in range(20):
            unknown = sign(claims, make_key("ES256"), "ES256", kid=f"unknown-{number}")
            assert await status(world, unknown) == 401
        assert issuer.fetches == 1
        monkeypatch.setattr(jwks, "REFETCH_S", 0.0)
        assert await status(world, issuer.token("ES256-2", claims)) == 200
        assert issuer.fetches == 2
        assert await status(world, old) == 200
        del issuer.keys["ES256"]
        issuer.add("ES256-3", "ES256")
        assert await status(world, issuer.token("ES256-3", claims)) == 200
        monkeypatch.undo()
        assert await status(world, old) == 401


async def test_a_failing_document_is_503_at_first_and_the_old_keys_later(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trusting(database, "ES256") as (world, issuer):
        claims = user_claims(world.worker.settings, world.unique("ana"))
        monkeypatch.setattr(jwks, "REFETCH_S", 0.0)
        issuer.fails = True
        response = await Caller(world, issuer.token("ES256", claims)).call("GET", ME)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert int(response.headers["Retry-After"]) >= 1
        issuer.fails = False
        assert await status(world, issuer.token("ES256", claims)) == 200
        issuer.fails = True
        monkeypatch.setattr(jwks, "TTL_S", 0.0)
        assert await status(world, issuer.token("ES256", claims)) == 200


async def test_known_keys_do_not_wait_for_a_document_that_hangs(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with trusting(database, "ES256") as (world, issuer):
        settings = world.worker.settings
        tokens = [issuer.token("ES256", user_claims(settings, world.unique("ana"))) for _ in range(20)]
        assert await status(world, tokens[0]) == 200
        monkeypatch.setattr(jwks, "TTL_S", 0.0)
        monkeypatch.setattr(jwks, "REFETCH_S", 0.0)
        issuer.answers.clear()
        async with asyncio.timeout(2):
            assert {*await asyncio.gather(*(status(world, token) for token in tokens))} == {200}
        assert issuer.fetches == 2  # the second one is still running
        monkeypatch.setattr(jwks, "WAIT_S", 0.2)
        issuer.add("ES256-2", "ES256")
        unknown = issuer.token("ES256-2", user_claims(settings, world.unique("ana")))
        async with asyncio.timeout(2):
            assert {*await asyncio.gather(*(status(world, unknown) for _ in range(20)))} == {503}
        assert issuer.fetches == 2
        issuer.answers.set()
        monkeypatch.setattr(jwks, "WAIT_S", 5.0)
        assert await status(world, unknown) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "RS512"},
        {"alg": "RSA-OAEP"},
        {"alg": 7},
        {"use": "enc"},
        {"use": None},
        {"key_ops": ["encrypt"]},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"e": "Aw"},
        {"e": "AQAA"},
        {"e": "AQ"},
    ],
    ids=str,
)
async def test_a_key_is_used_for_what_it_is_published_for(database: str, changes: dict[str, Any]) -> None:
    async with trusting(database, "RS256") as (world, issuer):
        issuer.add("good", "ES256")
        document = json.loads(issuer.document())
        document["keys"][0] |= changes
        issuer.document = lambda: json.dumps(document).encode()  # type: ignore[method-assign]  # another document
        claims = user_claims(world.worker.settings, world.unique("ana"))
        assert await status(world, issuer.token("RS256", claims)) == 401
        assert await status(world, issuer.token("good", claims)) == 200


async def test_a_key_with_a_small_exponent_verifies_nothing(database: str) -> None:
    key = rsa.generate_private_key(3, 2048)
    async with trusting(database, "ES256") as (world, issuer):
        issuer.keys["small"] = ("RS256", key)
        claims = user_claims(world.worker.settings, world.unique("ana"))
        assert await status(world, issuer.token("small", claims)) == 401
    with pytest.raises(UnsafeSettings, match="65537"):
        TokenVerifier(keyed(database, jwt_public_key=public_pem(key)))


async def test_keys_may_say_what_they_are_for(database: str) -> None:
    async with trusting(database, "EdDSA") as (world, issuer):
        document = json.loads(issuer.document())
        document["keys"][0] |= {"alg": "Ed25519", "key_ops": ["verify"], "use": "sig"}
        issuer.document = lambda: json.dumps(document).encode()  # type: ignore[method-assign]  # another document
        claims = user_claims(world.worker.settings, world.unique("ana"))
        assert await status(world, issuer.token("EdDSA", claims)) == 200


async def test_until_a_document_was_fetched_the_response_stays_503(database: str) -> None:
    async with trusting(database, "ES256") as (world, issuer):
        issuer.fails = True
        token = issuer.token("ES256", user_claims(world.worker.settings, world.unique("ana")))
        assert [await status(world, token) for _ in range(3)] == [503, 503, 503]
        assert issuer.fetches == 1


@pytest.mark.parametrize(
    "document", [b"[]", b"{}", b'{"keys": 7}', b'{"keys": [7]}', b'{"keys": [{"kid": "a"}]}', b"x"]
)
async def test_an_invalid_document_authenticates_nobody(database: str, document: bytes) -> None:
    async with trusting(database, "ES256") as (world, issuer):
        issuer.document = lambda: document  # type: ignore[method-assign]  # another document
        token = issuer.token("ES256", user_claims(world.worker.settings, world.unique("ana")))
        assert await status(world, token) in (401, 503)


async def test_an_unreadable_key_does_not_affect_the_others(database: str) -> None:
    async with trusting(database, "ES256") as (world, issuer):
        whole = issuer.document()
        foreign = b'{"keys": [{"kid": "p", "kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}, '
        issuer.document = lambda: whole.replace(b'{"keys": [', foreign)  # type: ignore[method-assign]  # another document
        token = issuer.token("ES256", user_claims(world.worker.settings, world.unique("ana")))
        assert await status(world, token) == 200
