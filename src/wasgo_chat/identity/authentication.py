"""Authentication: turns a token into an `Actor`, updates the user mirror and rejects revoked tokens."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import Headers

from wasgo_chat.core.encoding import has_control_characters
from wasgo_chat.core.errors import ActAsRequired, Invalid, ScopeRequired, Unauthenticated, UserErased
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.session import Database
from wasgo_chat.identity import users
from wasgo_chat.identity.tokens import Token, TokenVerifier
from wasgo_chat.identity.users import UserRecord


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller: a user, a service, or a service acting as a user (both are then set and audited).

    `is_staff` comes from the user mirror, so an old token does not restore a right that has been withdrawn.
    """

    user_id: str | None
    username: str | None = None
    service: str | None = None
    scopes: frozenset[str] = frozenset()
    is_staff: bool = False
    issued_at: float = 0.0
    expires_at: float = 0.0

    def require_user(self) -> str:
        """The id of the acting user.

        Raises:
            ActAsRequired: the caller is a service that does not act as a user.
        """
        if self.user_id is None:
            raise ActAsRequired
        return self.user_id

    @property
    def is_service(self) -> bool:
        """Whether a service acts in its own name. A service acting as a user only has the rights of that user."""
        return self.service is not None and self.user_id is None

    def require_scope(self, scope: str) -> None:
        """Raises: ScopeRequired, unless a service with that scope acts in its own name."""
        if not self.is_service or scope not in self.scopes:
            raise ScopeRequired(f"A service token with the scope {scope} is required")


UserLookup = Callable[[str], Awaitable[UserRecord | None]]
"""Looks up the current mirror entry of a user id."""


class Authenticator:
    """Authenticates HTTP requests and sockets."""

    def __init__(self, verifier: TokenVerifier, db: Database, known: BatchLoader[str, UserRecord]) -> None:
        self._verifier = verifier
        self._db = db
        self._users = known

    async def from_headers(self, headers: Headers, find: UserLookup | None = None) -> Actor:
        """Authenticate an HTTP request or WebSocket handshake by `Authorization: Bearer` and `X-Act-As`.

        Args:
            headers: headers of the request.
            find: see `from_bearer`.

        Raises:
            Unauthenticated: the token is missing, repeated or not accepted.
            ScopeRequired: `X-Act-As` without the scope `chat:act_as`.
            Invalid: `X-Act-As` is repeated or is not a valid user id in UTF-8.
        """
        # Repeated headers are rejected: a proxy may have evaluated a different one.
        authorization, acts_as = headers.getlist("authorization"), headers.getlist("x-act-as")
        scheme, _, bearer = (authorization[0] if len(authorization) == 1 else "").partition(" ")
        if scheme.lower() != "bearer" or not bearer.strip():
            raise Unauthenticated
        if len(acts_as) > 1:
            raise Invalid.field(["header", "x-act-as"], "repeated", "must not be repeated")
        return await self.from_bearer(
            bearer.strip(), act_as=_decode_user_id(acts_as[0]) if acts_as else None, find=find
        )

    async def from_bearer(self, bearer: str, *, act_as: str | None = None, find: UserLookup | None = None) -> Actor:
        """Authenticate a bare token.

        Args:
            bearer: the token.
            act_as: user that the service acts as.
            find: looks up the token's user, for callers that fetch more about the user in the same query.
        """
        token = await self._verifier.verify(bearer)
        if token.kind == "user":
            if act_as is not None:
                raise ScopeRequired("Only a service may act as a user")
            return await self.from_user_token(token, find)
        actor = Actor(
            None,
            service=token.subject,
            scopes=token.scopes,
            issued_at=token.issued_at,
            expires_at=token.expires_at,
        )
        return actor if act_as is None else await self._impersonate(actor, act_as)

    async def from_user_token(self, token: Token, find: UserLookup | None = None) -> Actor:
        """Update the mirror from a verified user token (or ticket). Raises: Unauthenticated, if it is revoked."""
        if token.expires_at <= time.time():
            raise Unauthenticated("The token has expired")
        user = await (find or self._users.find)(token.subject)
        if user is not None and (user.erased_at or _is_revoked(user, token)):
            raise Unauthenticated("The token was revoked")
        changes = token.profile if user is None else profile_changes(user, token)
        if user is None or changes:
            try:
                async with self._db.transaction() as tx:
                    await users.upsert_users(tx, {token.subject: changes})
            except UserErased as error:
                raise Unauthenticated("The token was revoked") from error
        username = token.profile.get("username") or (user.username if user else token.subject)
        return Actor(
            token.subject,
            username=username,
            is_staff=bool(changes.get("is_staff", user is not None and user.is_staff)),
            issued_at=token.issued_at,
            expires_at=token.expires_at,
        )

    async def _impersonate(self, service: Actor, user_id: str) -> Actor:
        if "chat:act_as" not in service.scopes:
            raise ScopeRequired("X-Act-As requires the scope chat:act_as")
        if not 0 < len(user_id) <= 128 or has_control_characters(user_id, allowed=""):
            raise Invalid.field(["header", "x-act-as"], "user_id", "must be a user id of 1 to 128 characters")
        async with self._db.transaction() as tx:
            user = await users.find(tx, user_id)
            if user is None:
                await users.upsert_users(tx, {user_id: {}})
            elif user.erased_at is not None:
                raise UserErased
        return Actor(
            user_id,
            username=user.username if user else user_id,
            service=service.service,
            scopes=service.scopes,
            issued_at=service.issued_at,
            expires_at=service.expires_at,
        )


def _decode_user_id(header: str) -> str:
    """Decode a header as UTF-8; Starlette decodes headers as Latin-1.

    Raises:
        Invalid: the header is not UTF-8.
    """
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise Invalid.field(["header", "x-act-as"], "user_id", "must be a user id in UTF-8") from error


def _is_revoked(user: UserRecord, token: Token) -> bool:
    return user.revoked_before is not None and token.issued_at < user.revoked_before.timestamp()


def profile_changes(user: UserRecord, token: Token) -> dict[str, object]:
    """The profile fields of a token that differ from the mirror.

    A token issued before the last change of the mirror only fills empty fields, because a service may have set newer
    values since. A token without `iat` counts as new, except for `is_staff`: it cannot prove that it was issued after
    the right was withdrawn.
    """
    profile = users.normalise_profile(user.id, token.profile)
    changed = {name: value for name, value in profile.items() if getattr(user, name) != value}
    if not token.issued_at:
        return {name: value for name, value in changed.items() if name != "is_staff"}
    if token.issued_at >= user.updated_at.timestamp():
        return changed
    return {name: value for name, value in changed.items() if getattr(user, name) in (None, user.id)}
