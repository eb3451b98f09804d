"""The declaration of notifications as a feature."""

from wasgo_chat.feature import Consumer, Done, Feature, PartContext, Parts, PersonalData, Requirement, Retention
from wasgo_chat.notifications import privacy, retention
from wasgo_chat.notifications.fanout import NotificationFanout
from wasgo_chat.notifications.routes import router
from wasgo_chat.notifications.task import NotificationTask
from wasgo_chat.presence.tracker import Presence
from wasgo_chat.settings.config import Settings
from wasgo_chat.settings.notifications import NotificationSettings


def _build(context: PartContext) -> Parts:
    worker = NotificationTask(context.settings, context.db, online=context.part(Presence).online, counts=context.counts)
    return Parts(provides=[worker], run=[worker.run], close=[worker.close])


def _fan_out(context: PartContext) -> NotificationFanout:
    return NotificationFanout(context.settings)


def _retention_days(settings: Settings) -> int | None:
    return settings.notification_retention_days or None


FEATURE = Feature(
    name="notifications",
    summary="The list of notifications, and their delivery by e-mail, web push and webhook.",
    setting="notifications",
    settings=NotificationSettings,
    routers=[router],
    build=_build,
    consumers=[Consumer("notifications", _fan_out)],
    tables=[
        "notifications",
        "notification_preferences",
        "conversation_preferences",
        "push_subscriptions",
        "deliveries",
    ],
    personal_data=PersonalData(
        documents={"preferences.json": privacy.export_preferences},
        lists={"notifications.json": privacy.export_notifications},
        on_erasure_request=privacy.unsubscribe_everywhere,
        erase_page=privacy.erase_page,
    ),
    retention=[
        Retention(_retention_days, retention.delete_expired),
        Retention(_retention_days, retention.delete_dead),
    ],
    requirements={
        Requirement.OPENAPI: Done("docs/openapi.json", "list_notifications"),
        Requirement.ASYNCAPI: Done("docs/asyncapi.json", "NotificationFrame"),
        Requirement.AUTHORIZATION: Done("tests/security/expectations.py", "list_notifications"),
        Requirement.PRIVACY: Done("docs/privacy.md", "notifications"),
        Requirement.THREATS: Done("docs/security.md", "webhook"),
        Requirement.DELIVERY: Done("docs/delivery.md", "notification"),
        Requirement.TYPESCRIPT_SDK: Done("sdk/typescript/src", "notification"),
        Requirement.PYTHON_SDK: Done(
            "sdk/python/src/wasgo_chat_client/generated/rest/api/notifications/list_notifications.py"
        ),
        Requirement.UI: Done("web/src/chat", "notification"),
        Requirement.ACCESSIBILITY: Done("web/test/accessibility.spec.ts"),
        Requirement.SCREENSHOTS: Done("docs/images"),
        Requirement.METRICS: Done("src/wasgo_chat/telemetry/counters.py", "notification_deliveries"),
        Requirement.ALERT: Done("deploy/prometheus", "deliver"),
        Requirement.DOCTOR: Done("src/wasgo_chat/doctor/mail.py"),
        Requirement.BENCHMARK: Done("benchmarks/scenarios", "notification"),
        Requirement.GUIDE: Done("docs/protocol.md", "notification"),
        Requirement.SWITCH: Done("src/wasgo_chat/settings/features.py", "notifications: bool"),
    },
)
