"""Forged tokens: HTTP and sockets reject the same ones, without a crash."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.identity.issuer import Claims, Issuer, forge, make_key, public_pem, sign, user_claims
from tests.support.workers import SECRET, make_settings
from tests.support.world import Caller, Person, SocketClient, World, world_with

ME = "/chat/conversations/unread_counts/"
KEY = SECRET.encode()
HS = {"alg": "HS256", "typ": "JWT"}
NONES = ("none", "None", "NONE", "nOnE", "none ", "", None, "HS256\x00none")
ISSUED = {"nobody": {"x": 1}, "number": 7, "list": ["ana"], "bool": True, "null in a list": [None], "empty": ""}
FAR = 4_000_000_000


@pytest.fixture(scope="module")
async def there(database: str) -> AsyncIterator[World]:
    """A worker that also accepts a cookie."""
    async with world_with(make_settings(database, cookie_name="session", rate_frames_per_minute=0)) as made:
        yield made


def forgeries(world: World, subject: str) -> dict[str, str]:
    """Forged tokens, and tokens issued for other purposes, by what is wrong with them."""
    settings = world.worker.settings
    good = user_claims(settings, subject)
    key = make_key("RS256")
    whole = sign(good, SECRET, "HS256")
    head, body, mac = whole.split(".")
    found = {f"alg {alg!r}": forge(good, {**HS, "alg": alg}) for alg in NONES}
    found |= {
        f"alg {alg!r}, signed": forge(good, {**HS, "alg": alg}, KEY) for alg in (*NONES, "HS384", "HS512", "RS256")
    }
    headers: dict[str, Claims] = {
        "kid": {"kid": "../../../../dev/null"}, "kid of SQL": {"kid": "' UNION SELECT 'x"}, "jku": {"jku": "http://127.0.0.1:1/"},
        "x5u": {"x5u": "http://127.0.0.1:1/"}, "jwk": {"jwk": {"kty": "oct", "k": "eHh4"}}, "x5c": {"x5c": ["AAAA"]},
    }  # fmt: skip
    for name, header in headers.items():
        found[f"{name} with another key"] = forge(good, {**HS, **header}, b"x" * 40)
        found[f"{name} without a key"] = forge(good, {**HS, **header}, b"")
    headers = {
        "crit": {"crit": ["exp"], "exp": 1}, "crit of b64": {"crit": ["b64"], "b64": False}, "b64": {"b64": False},
        "empty crit": {"crit": []}, "zip": {"crit": ["zip"], "zip": "DEF"},
    }  # fmt: skip
    for name, header in headers.items():
        found[name] = forge(good, {**HS, **header}, KEY)
    for kind in ("logout+jwt", "secevent+jwt", "dpop+jwt", "JWE", "", 7, ["JWT"], None):
        found[f"typ {kind!r}"] = forge(good, {**HS, "typ": kind}, KEY)
    for name in ("sub", "exp", "iss", "aud"):
        found[f"no {name}"] = forge(user_claims(settings, subject, **{name: None}), HS, KEY)
        for wrong, value in ISSUED.items():
            found[f"{name} {wrong}"] = forge({**good, name: value}, HS, KEY)
    for name in ("nbf", "iat", "exp"):
        for value in ("1", "soon", True, [1], {"a": 1}, 10**400, float("nan"), float("inf"), -float("inf"), "4e9"):
            found[f"{name} {str(value)[:12]} as {type(value).__name__}"] = forge({**good, name: value}, HS, KEY)
    found |= {
        "from the future": forge({**good, "iat": FAR}, HS, KEY),
        "from soon": forge({**good, "iat": time.time() + 3600}, HS, KEY),
        "not yet": forge({**good, "nbf": FAR}, HS, KEY),
        "expired": forge({**good, "exp": time.time() - 1}, HS, KEY),
        "of another issuer": forge({**good, "iss": "wasgo "}, HS, KEY),
        "for others": forge({**good, "aud": ["wasgo-chat2", "WASGO-CHAT"]}, HS, KEY),
        "for both": forge({**good, "aud": ["wasgo-chat", "wasgo-chat-services"]}, HS, KEY),
        "a short secret": forge(good, HS, b"secret"),
        "no secret": forge(good, HS, b"\x00"),
        "a public key as secret": forge(good, HS, public_pem(key).encode()),
        "signed by RSA": sign(good, key, "RS256"),
        "nested": sign({"jwt": whole, **user_claims(settings, "x", sub=None)}, SECRET, "HS256", cty="JWT"),
        "deep": _signed('{"a":' * 20_00 + "1" + "}" * 20_00),
        "not an object": _signed('"ana"'),
        "a list": _signed("[]"),
        "nothing": _signed(""),
        "a good claim twice": _signed(json.dumps(good)[:-1] + f', "sub": "{subject}"' + "}"),
        "two audiences": _signed(json.dumps(good)[:-1] + f', "aud": "{settings.jwt_audience}"' + "}"),
        "twice in a nested claim": _signed(json.dumps(good)[:-1] + ', "x": {"a": 1, "a": 1}}'),
        "twice the same claim": _signed('{"sub":"x"' + ',"sub":7' + "}"),
        "huge": forge({**good, "x": "x" * 20_000}, HS, KEY),
        "garbage behind": whole + "!!",
        "padding": whole + "=",
        "a dot more": whole + ".",
        "a dot before": "." + whole,
        "five parts": whole + ".a.b",
        "a slash in it": f"{head}.{body}.{mac[:5]}/{mac[5:]}",
        "other alphabet": whole.replace("-", "+").replace("_", "/") + "+",
        "another's body": f"{head}.{sign({**good, 'sub': 'bo'}, SECRET, 'HS256').split('.')[1]}.{mac}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
    }  # fmt: skip
    return found


def _signed(payload: str) -> str:
    """A signed token with any body."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = f"{part(json.dumps(HS).encode())}.{part(payload.encode())}"
    return f"{signed}.{part(hmac.digest(KEY, signed.encode(), 'sha256'))}"


async def test_no_forged_token_authenticates_a_request(there: World) -> None:
    ana = there.person("ana")
    tokens = forgeries(there, ana.id)
    assert len(tokens) > 100
    for path, method in ((ME, "GET"), ("/chat/ws_tickets/", "POST")):
        for name, token in tokens.items():
            headers = {"Authorization": f"Bearer {token}"}
            response = await ana.client.request(method, path, headers=headers)
            assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), (name, response.text)
            assert token not in response.text


@pytest.mark.parametrize("way", ["header", "subprotocol", "cookie"])
async def test_no_forged_token_opens_a_socket(there: World, way: str) -> None:
    ana = there.person("ana")
    gate = asyncio.Semaphore(10)

    async def code(token: str) -> int:
        more: dict[str, Any] = {}
        match way:
            case "header":
                more["additional_headers"] = {"Authorization": f"Bearer {token}"}
            case "subprotocol":
                more["subprotocols"] = ["wasgo.chat.v1", f"bearer.{token}"]
            case _:
                more["additional_headers"] = {"Cookie": f"session={token}"}
        async with gate, connect(f"{there.worker.ws_url}/ws/chat/", **more) as connection:
            return (await SocketClient(connection).wait_closed())[0]

    tokens = {name: token for name, token in forgeries(there, ana.id).items() if len(token) < 8000}
    if way == "subprotocol":
        # The others are not valid in this header (RFC 6455, 4.1), and a client library does not send them.
        tokens = {name: token for name, token in tokens.items() if not set(token) & set("/=")}
    codes = await asyncio.gather(*(code(token) for token in tokens.values()))
    assert dict(zip(tokens, codes, strict=True)) == dict.fromkeys(tokens, 4401)


async def test_no_forged_token_refreshes_a_socket(there: World) -> None:
    ana, bo = there.people("ana", "bo")
    async with ana.connect(None) as live:
        tokens = {**forgeries(there, ana.id), "another's": str(bo.bearer), "a service's": str(there.service.bearer)}
        for name, token in tokens.items():
            answer = await live.request("refresh_token", token=token)
            assert (answer["type"], answer["code"] in ("unauthenticated", "invalid")) == ("error", True), (name, answer)
            if answer["code"] == "invalid":
                assert len(token) > 16_384
        assert (await live.request("refresh_token", token=ana.bearer))["type"] == "ack"


async def test_a_services_socket_is_refreshed_by_a_token_that_may_act_for_the_user(there: World) -> None:
    ana = there.person("ana")
    headers = {"Authorization": f"Bearer {there.service.bearer}", "X-Act-As": ana.id}
    async with connect(f"{there.worker.ws_url}/ws/chat/", additional_headers=headers) as connection:
        live = SocketClient(connection)
        assert (await live.receive("hello"))["user_id"] == ana.id
        assert (await live.request("refresh_token", token=there.service.bearer))["type"] == "ack"
        for wrong in (ana.bearer, there.make_service("platform").bearer, there.make_service("x", "chat:act_as").bearer):
            assert (await live.request("refresh_token", token=wrong))["type"] == "error"


async def test_valid_tokens_of_other_shapes_are_accepted(there: World) -> None:
    claims = user_claims(there.worker.settings, there.unique("ana"))
    for header in (HS, {"alg": "HS256"}, {**HS, "typ": "at+jwt"}, {**HS, "typ": "application/at+JWT"}):
        await Caller(there, forge(claims, header, KEY)).ok("GET", ME)
    for times in ({"iat": time.time() + 5}, {"nbf": time.time() - 5}, {"exp": int(time.time()) + 60}, {"iat": 0}):
        await Caller(there, forge({**claims, **times}, HS, KEY)).ok("GET", ME)
    async with Person(there, claims["sub"], "ana", forge({**claims, "exp": 10**15}, HS, KEY)).connect(None):
        pass


async def test_an_avatar_that_is_no_web_address_is_ignored(there: World) -> None:
    claims = user_claims(there.worker.settings, there.unique("ana"), picture="javascript:alert(1)", username="ana")
    made = await Caller(there, forge(claims, HS, KEY)).ok(
        "POST", "/chat/conversations/create_support_conversation/", {"support_type": "x"}, status=201
    )
    (user,) = (one["user"] for one in made["participants"] if one["role"] == "admin")
    assert user == {"id": claims["sub"], "username": "ana", "display_name": None, "avatar_url": None}


async def test_a_published_key_that_is_weak_broken_or_secret_authenticates_nobody(database: str) -> None:
    issuer = Issuer()
    issuer.add("good", "ES256")
    whole = json.loads(issuer.document())["keys"]
    weak = {"kid": "weak", "kty": "RSA", "n": base64.urlsafe_b64encode(b"\xc1" * 64).decode(), "e": "AQAB"}
    zero = {"kid": "zero", "kty": "RSA", "n": "AA", "e": "AA"}
    oct_ = {"kid": "oct", "kty": "oct", "k": base64.urlsafe_b64encode(KEY).decode()}
    for_encryption = {**whole[0], "kid": "enc", "use": "enc"}
    document = json.dumps({"keys": [7, weak, zero, oct_, for_encryption, *whole]}).encode()
    issuer.document = lambda: document  # type: ignore[method-assign]  # another document
    settings = make_settings(database, jwt_secret=None, secret_key=SECRET, jwks_url="")
    async with issuer.serving(), world_with(settings.model_copy(update={"jwks_url": issuer.url})) as world:
        claims = user_claims(world.worker.settings, world.unique("ana"))
        good = issuer.token("good", claims)
        await Caller(world, good).ok("GET", ME)
        for kid in (
            "weak",
            "zero",
            "oct",
            "enc",
            "good",
            "' OR 1=1",
            "../good",
            "x" * 10_000,
            "",
            None,
            7,
            ["good"],
        ):
            for alg in ("HS256", "RS256", "ES256", "none"):
                bearer = forge(claims, {"alg": alg, "kid": kid, "jku": issuer.url, "x5u": issuer.url}, KEY)
                await Caller(world, bearer).refused("GET", ME, status=401, code="unauthenticated")
        assert issuer.fetches == 1


@pytest.mark.parametrize("document", [b"[" * 100_000, b'{"keys":[' + b"7," * 200_000 + b"7]}"], ids=["deep", "long"])
async def test_an_oversized_key_document_authenticates_nobody_and_breaks_nothing(
    database: str, document: bytes
) -> None:
    issuer = Issuer()
    issuer.add("good", "ES256")
    issuer.document = lambda: document  # type: ignore[method-assign]  # another document
    settings = make_settings(database, jwt_secret=None, secret_key=SECRET, jwks_url="")
    async with issuer.serving(), world_with(settings.model_copy(update={"jwks_url": issuer.url})) as world:
        bearer = issuer.token("good", user_claims(world.worker.settings, "ana"))
        await Caller(world, bearer).refused("GET", ME, status=503, code="unavailable")
