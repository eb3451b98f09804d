"""Who is an operator: a user of the platform's staff, by a token of their own. Everybody else sees nothing here."""

from typing import Annotated

from fastapi import Depends

from wasgo_chat.core.errors import Forbidden
from wasgo_chat.http.dependencies import Caller
from wasgo_chat.identity.authentication import Actor


class StaffRequired(Forbidden):
    """An operators' door and somebody who is not of the staff, or a service."""

    code, title = "staff_required", "Only a user of the platform's staff may do this, with a token of their own"


async def _staff(caller: Caller) -> Actor:
    """Asked before anything is looked up, so that the answer says nothing of what was named.

    A service is refused also where it acts as somebody of the staff: else the scope `chat:act_as` alone would open
    everything.
    """
    if caller.service is not None or not caller.is_staff:
        raise StaffRequired
    return caller


Staff = Annotated[Actor, Depends(_staff)]
