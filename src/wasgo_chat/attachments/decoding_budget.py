"""What the files of a user may cost the decoders: pixels, which are counted before, and CPU time, after."""

from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.identity.authentication import Actor


class DecodingBudget:
    """The budget of a caller. Services act for many users and have no limit.

    Args:
        actor: the caller.
        rates: the rate limits of the worker; None: no limits.
    """

    def __init__(self, actor: Actor, rates: RateLimits | None) -> None:
        self.user_id = actor.require_user()
        self._rates = rates if actor.service is None else None

    def require_time(self) -> None:
        """Raises: RateLimited, if earlier files took too much CPU time."""
        if self._rates is not None:
            self._rates.require_decoding_time(self.user_id)

    def count_time(self, seconds: float) -> None:
        """Count CPU time that a file has taken."""
        if self._rates is not None:
            self._rates.count_decoding_time(self.user_id, seconds)

    async def count_pixels(self, pixels: int) -> None:
        """Count an image that is about to be decoded. Raises: RateLimited, if there are too many pixels."""
        if self._rates is not None:
            await self._rates.count_pixels(self.user_id, pixels)
