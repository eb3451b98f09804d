"""Settings: who may call the service, from where, and with which tokens."""

from typing import ClassVar

from pydantic import BaseModel, Field, SecretStr

from wasgo_chat.settings.types import Origins, ProxyNetworks


class AccessSettings(BaseModel):
    """Who may call the service, from where, and with which tokens."""

    heading: ClassVar[str] = "Access"

    jwt_secret: SecretStr | None = Field(
        None,
        description="HS256 key of the platform's tokens, at least 32 bytes. Set exactly one of the three token keys.",
    )
    jwt_public_key: str | None = Field(
        None, description="PEM public key of the platform's tokens. Its type selects RS256, ES256 or EdDSA."
    )
    jwks_url: str | None = Field(
        None,
        description="URL of the JWKS document with the keys of the platform's tokens. Cached; refetched for an "
        "unknown `kid`.",
    )
    jwt_audience: str = Field("wasgo-chat", description="`aud` claim of user tokens.")
    jwt_service_audience: str = Field("wasgo-chat-services", description="`aud` claim of service tokens.")
    jwt_issuer: str = Field("wasgo", description="`iss` claim of all tokens.")
    secret_key: SecretStr | None = Field(
        None,
        description="Key for cursors, hashes and signed links, at least 32 bytes. Derived from `JWT_SECRET` by "
        "default.",
    )
    cookie_name: str | None = Field(
        None, description="Cookie that sockets accept a token from. Unset: no cookie is accepted."
    )
    ticket_ttl_s: int = Field(30, ge=1, description="Lifetime of a socket ticket.")
    allowed_origins: Origins = Field(
        default_factory=list,
        description="Origins whose pages may open sockets and call the API, each as `https://app.example` or "
        "`http://localhost:3000`.",
    )
    trusted_proxies: ProxyNetworks = Field(
        default_factory=list,
        description="Addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "trusted. Empty: none.",
    )
    hsts_max_age_s: int = Field(
        0,
        ge=0,
        description="`max-age` of `Strict-Transport-Security`; 0 omits the header. Set it only if the service "
        "will always use TLS.",
    )
