"""Settings: which features are on."""

from typing import ClassVar

from pydantic import BaseModel, Field

from wasgo_chat.conversation_types import CONVERSATION_TYPES
from wasgo_chat.settings.types import CommaSeparated


class FeatureSettings(BaseModel):
    """Which features are on."""

    heading: ClassVar[str] = "Features"

    attachments: bool = Field(True, description="Enable file attachments. Off: their routes return 403 `feature_off`.")
    notifications: bool = Field(
        True, description="Enable notifications and their delivery. Off: their routes return 403 `feature_off`."
    )
    presence: bool = Field(
        True,
        description="Enable online status. Off: its routes return 403 `feature_off`, and all users count as offline.",
    )
    support: bool = Field(True, description="Enable support conversations. Off: their routes return 403 `feature_off`.")
    integrations: bool = Field(
        True, description="Enable the routes that services use to provision data. Off: they return 403 `feature_off`."
    )
    api_reference: bool = Field(
        False,
        description="Serve an interactive reference of the HTTP API at `/docs`. `/openapi.json` is always served.",
    )
    web: bool = Field(
        False, description="Serve the web pages: the reference frontend at `/` and the operator page at `/operator`."
    )
    user_conversation_types: CommaSeparated = Field(
        default_factory=lambda: [name for name, type_ in CONVERSATION_TYPES.items() if type_.is_created_by_users],
        description="Conversation types that users may create. Services may create all types.",
    )
    support_staff: CommaSeparated = Field(
        default_factory=list,
        description="User ids that support cases are assigned to, least busy first. Empty: all staff users.",
    )
