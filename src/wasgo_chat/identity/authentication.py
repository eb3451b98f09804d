"""Who is calling: a token becomes an `Actor`, its user is mirrored, revoked tokens are refused."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import Headers

from wasgo_chat.core.encoding import has_stray_control
from wasgo_chat.core.errors import ActAsRequired, Invalid, ScopeRequired, Unauthenticated, UserErased
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.session import Database
from wasgo_chat.identity import users
from wasgo_chat.identity.tokens import Token, TokenVerifier
from wasgo_chat.identity.users import UserRecord


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller. A user, a service, or a service acting as a user (then both are set and recorded).

    `is_staff` is what the mirror says now: a token from before a service took it away does not bring it back.
    """

    user_id: str | None
    username: str | None = None
    service: str | None = None
    scopes: frozenset[str] = frozenset()
    is_staff: bool = False
    issued_at: float = 0.0
    expires_at: float = 0.0

    def require_user(self) -> str:
        """The user who acts.

        Raises:
            ActAsRequired: a service that names nobody.
        """
        if self.user_id is None:
            raise ActAsRequired
        return self.user_id

    @property
    def is_service(self) -> bool:
        """Whether a service acts in its own name; one that acts as a user has that user's rights only."""
        return self.service is not None and self.user_id is None

    def require_scope(self, scope: str) -> None:
        """Raises: ScopeRequired, unless a service with that scope acts in its own name."""
        if not self.is_service or scope not in self.scopes:
            raise ScopeRequired(f"A service token with the scope {scope} is needed")


UserLookup = Callable[[str], Awaitable[UserRecord | None]]
"""The mirror's entry of a user id, as it is now."""


class Authenticator:
    """The one way from a bearer string to an `Actor`, for both doors."""

    def __init__(self, verifier: TokenVerifier, db: Database, known: BatchLoader[str, UserRecord]) -> None:
        self._verifier = verifier
        self._db = db
        self._users = known

    async def from_headers(self, headers: Headers, find: UserLookup | None = None) -> Actor:
        """Authenticate an HTTP request or a socket's handshake by `Authorization: Bearer` and `X-Act-As`.

        Args:
            headers: of the request.
            find: see `from_bearer`.

        Raises:
            Unauthenticated: no token, more than one, or one that is not accepted.
            ScopeRequired: `X-Act-As` without the scope `chat:act_as`.
            Invalid: `X-Act-As` is not one user id in UTF-8.
        """
        # Of two, something on the way may have looked at the other one.
        given, acts_as = headers.getlist("authorization"), headers.getlist("x-act-as")
        scheme, _, bearer = (given[0] if len(given) == 1 else "").partition(" ")
        if scheme.lower() != "bearer" or not bearer.strip():
            raise Unauthenticated
        if len(acts_as) > 1:
            raise Invalid.field(["header", "x-act-as"], "repeated", "is given more than once")
        return await self.from_bearer(bearer.strip(), act_as=_user_id_of(acts_as[0]) if acts_as else None, find=find)

    async def from_bearer(self, bearer: str, *, act_as: str | None = None, find: UserLookup | None = None) -> Actor:
        """The same for a bare token.

        Args:
            bearer: the token.
            act_as: the user whom a service acts as.
            find: looks the token's user up, where somebody asks for more about them at the same time.
        """
        token = await self._verifier.verify(bearer)
        if token.kind == "user":
            if act_as is not None:
                raise ScopeRequired("Only a service may act as somebody else")
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
        """Refresh the mirror from a verified user token (or ticket) and refuse what is revoked."""
        if token.expires_at <= time.time():
            raise Unauthenticated("The token has expired")
        user = await (find or self._users.find)(token.subject)
        if user is not None and (user.erased_at or _is_revoked(user, token)):
            raise Unauthenticated("The token was revoked")
        news = token.profile if user is None else profile_changes(user, token)
        if user is None or news:
            try:
                async with self._db.transaction() as tx:
                    await users.upsert_users(tx, {token.subject: news})
            except UserErased as error:
                raise Unauthenticated("The token was revoked") from error
        username = token.profile.get("username") or (user.username if user else token.subject)
        return Actor(
            token.subject,
            username=username,
            is_staff=bool(news.get("is_staff", user is not None and user.is_staff)),
            issued_at=token.issued_at,
            expires_at=token.expires_at,
        )

    async def _impersonate(self, service: Actor, user_id: str) -> Actor:
        if "chat:act_as" not in service.scopes:
            raise ScopeRequired("X-Act-As needs the scope chat:act_as")
        if not 0 < len(user_id) <= 128 or has_stray_control(user_id, allowed=""):
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


def _user_id_of(header: str) -> str:
    """What a header says in UTF-8: Starlette reads the bytes of every header as Latin-1.

    Raises:
        Invalid: it is not UTF-8.
    """
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise Invalid.field(["header", "x-act-as"], "user_id", "must be a user id in UTF-8") from error


def _is_revoked(user: UserRecord, token: Token) -> bool:
    return user.revoked_before is not None and token.issued_at < user.revoked_before.timestamp()


def profile_changes(user: UserRecord, token: Token) -> dict[str, object]:
    """What a token says of its user that the mirror does not know yet.

    A token from before the mirror's last change fills what is empty and overrules nothing: what a service said
    since is newer. One without `iat` counts as fresh, but not for the rights of staff: that it was made after a
    service took them away, it cannot show.
    """
    profile = users.normalise_profile(token.profile)
    changed = {name: value for name, value in profile.items() if getattr(user, name) != value}
    if not token.issued_at:
        return {name: value for name, value in changed.items() if name != "is_staff"}
    if token.issued_at >= user.updated_at.timestamp():
        return changed
    return {name: value for name, value in changed.items() if getattr(user, name) in (None, user.id)}
