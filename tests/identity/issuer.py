"""An issuer of tokens: keys of every kind, the documents it publishes over real HTTP, and tokens as bad as wanted."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wasgo_chat.settings.config import Settings

Claims = dict[str, Any]
KINDS = ("RS256", "ES256", "EdDSA")


def make_key(algorithm: str) -> Any:
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(65537, 2048)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def public_pem(key: Any) -> str:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def user_claims(settings: Settings, subject: str, **changes: Any) -> Claims:
    """Valid claims of a user token; a change to None removes a claim."""
    now = time.time()
    good = {"sub": subject, "aud": settings.jwt_audience, "iss": settings.jwt_issuer, "iat": now, "exp": now + 600}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(claims: Claims, key: Any, algorithm: str, **header: Any) -> str:
    return jwt.encode(claims, key, algorithm, headers=header or None)


def forge(claims: Claims, header: Claims, secret: bytes = b"") -> str:
    """A token with any header, signed by HMAC regardless of the header; unsigned without a secret."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    body = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{body}.{part(hmac.digest(secret, body.encode(), 'sha256')) if secret else ''}"


class Issuer:
    """A small HTTP server with a JWKS document that can change and fail. While `answers` is cleared, it hangs."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, Any]] = {}
        self.fetches = 0
        self.fails = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.url = ""

    def add(self, kid: str, algorithm: str) -> None:
        self.keys[kid] = (algorithm, make_key(algorithm))

    def token(self, kid: str, claims: Claims) -> str:
        algorithm, key = self.keys[kid]
        return sign(claims, key, algorithm, kid=kid)

    def document(self) -> bytes:
        keys = []
        for kid, (algorithm, key) in self.keys.items():
            made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
            keys.append({**made, "kid": kid, "use": "sig", "alg": algorithm})
        return json.dumps({"keys": keys}).encode()

    @asynccontextmanager
    async def serving(self) -> "AsyncIterator[Issuer]":
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
        async with server:
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.fetches += 1
        await self.answers.wait()
        status, body = ("500 Oh", b"") if self.fails else ("200 OK", self.document())
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
