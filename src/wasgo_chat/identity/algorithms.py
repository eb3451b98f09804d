"""Which algorithm a public key verifies: exactly one, so that a token cannot choose."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from wasgo_chat.settings.config import MINIMUM_RSA_BITS


def algorithm_of(key: Any) -> str | None:
    """The algorithm that a public key verifies; None for a key that is too weak, of another kind, or private.

    RSA exponents are those of NIST SP 800-56B, section 6.4: with a small one, a padding error allows forgeries.
    """
    match key:
        case rsa.RSAPublicKey() if key.key_size >= MINIMUM_RSA_BITS:
            exponent = key.public_numbers().e
            return "RS256" if exponent % 2 and 2**16 < exponent < 2**256 else None
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            return "ES256"
        case ed25519.Ed25519PublicKey():
            return "EdDSA"
    return None
