"""The declaration of presence as a feature."""

from wasgo_chat.feature import Done, Exempt, Feature, PartContext, Parts, Requirement
from wasgo_chat.presence.disabled import DisabledPresence
from wasgo_chat.presence.routes import router
from wasgo_chat.presence.tracker import Presence


def _build(context: PartContext) -> Parts:
    presence = Presence(
        context.background_db, context.settings.redis_url, context.name, redis_prefix=context.settings.redis_prefix
    )
    return Parts(provides=[presence], run=[presence.run], close=[presence.close])


def _build_off(context: PartContext) -> Parts:
    return Parts(provides=[DisabledPresence()])


FEATURE = Feature(
    name="presence",
    summary="Who is online, and when a user was last seen.",
    setting="presence",
    routers=[router],
    build=_build,
    build_off=_build_off,
    tables=["last_seen"],
    requirements={
        Requirement.OPENAPI: Done("docs/openapi.json", "list_presence"),
        Requirement.ASYNCAPI: Done("docs/asyncapi.json", "PresenceSignal"),
        Requirement.AUTHORIZATION: Done("tests/security/expectations.py", "list_presence"),
        Requirement.PRIVACY: Done("docs/privacy.md", "last_seen"),
        Requirement.THREATS: Done("docs/security.md", "presence"),
        Requirement.DELIVERY: Exempt("Presence is a signal: it is not stored and not replayed."),
        Requirement.TYPESCRIPT_SDK: Done("sdk/typescript/src/presence.ts"),
        Requirement.PYTHON_SDK: Done("sdk/python/src/wasgo_chat_client/generated/rest/api/presence/list_presence.py"),
        Requirement.UI: Done("web/src/chat", "presence"),
        Requirement.ACCESSIBILITY: Done("web/test/accessibility.spec.ts"),
        Requirement.SCREENSHOTS: Done("docs/images"),
        Requirement.METRICS: Exempt("The sockets gauge counts connections; presence itself has nothing to alert on."),
        Requirement.ALERT: Exempt("Without Redis, presence is local to a worker; the alert on Redis covers it."),
        Requirement.DOCTOR: Done("src/wasgo_chat/doctor/redis.py"),
        Requirement.BENCHMARK: Exempt("No benchmark yet. A change costs one Redis call and one frame per peer."),
        Requirement.GUIDE: Done("docs/protocol.md", "presence"),
        Requirement.SWITCH: Done("src/wasgo_chat/settings/features.py", "presence: bool"),
    },
)
