"""The shapes of presence."""

from datetime import datetime

from wasgo_chat.core.encoding import ResponseModel


class PresenceOut(ResponseModel):
    """Whether a user is online. A user whom the caller is not acquainted with looks like an unknown one."""

    user_id: str
    online: bool
    last_seen: datetime | None


class PresencesOut(ResponseModel):
    """The presence of the requested users, in their order."""

    results: list[PresenceOut]
