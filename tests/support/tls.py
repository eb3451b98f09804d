"""A TLS proxy for a PostgreSQL that was built without TLS, and certificates for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.proxy import Proxy, listening

_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files: a certificate, which is its own issuer, and its private key."""

    file: Path
    key: Path


def self_signed(folder: Path, name: str) -> Certificate:
    """A self-signed certificate of a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    built = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )  # fmt: skip
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    made.file.write_bytes(built.sign(key, SHA256()).public_bytes(Encoding.PEM))
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


class TlsProxy(Proxy):
    """A proxy that requires TLS; `plain` counts connections without it."""

    def __init__(self, target: Path, own: Certificate, of_clients: Certificate | None) -> None:
        super().__init__(target)
        self.plain = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(own.file, own.key)
        if of_clients is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(of_clients.file)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readexactly(len(_SSL_REQUEST)) != _SSL_REQUEST:
                self.plain += 1
                writer.transport.abort()
                return
            writer.write(b"S")
            await writer.start_tls(self._context)
        except (OSError, asyncio.IncompleteReadError):  # it does not trust the certificate, or has disconnected
            writer.transport.abort()
            return
        await super().serve(reader, writer)


@asynccontextmanager
async def tls_proxy(target: Path, own: Certificate, of_clients: Certificate | None = None) -> AsyncIterator[TlsProxy]:
    """A proxy on loopback; with `of_clients` it requires that client certificate."""
    async with listening(TlsProxy(target, own, of_clients)) as proxy:
        yield proxy
