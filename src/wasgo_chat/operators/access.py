"""Access to the operator routes: staff users, with a token of their own."""

from typing import Annotated

from fastapi import Depends

from wasgo_chat.core.errors import Forbidden
from wasgo_chat.http.dependencies import Caller
from wasgo_chat.identity.authentication import Actor


class StaffRequired(Forbidden):
    """An operator route was called by a user who is not staff, or by a service."""

    code, title = "staff_required", "Only staff users may do this, with their own token"


async def _staff(caller: Caller) -> Actor:
    """Require a staff user. Runs before anything is loaded, so that the response reveals nothing.

    A service is rejected even if it acts as a staff user: otherwise the scope `chat:act_as` would give access to
    everything.
    """
    if caller.service is not None or not caller.is_staff:
        raise StaffRequired
    return caller


Staff = Annotated[Actor, Depends(_staff)]
