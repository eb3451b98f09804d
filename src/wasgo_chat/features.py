"""The features of the service, each declared in its own package. A part may use the parts of features listed before."""

from wasgo_chat.attachments.feature import FEATURE as ATTACHMENTS
from wasgo_chat.feature import Feature
from wasgo_chat.integrations.feature import FEATURE as INTEGRATIONS
from wasgo_chat.notifications.feature import FEATURE as NOTIFICATIONS
from wasgo_chat.presence.feature import FEATURE as PRESENCE
from wasgo_chat.support.feature import FEATURE as SUPPORT

FEATURES: tuple[Feature, ...] = (PRESENCE, ATTACHMENTS, NOTIFICATIONS, SUPPORT, INTEGRATIONS)
