"""The declaration of support conversations as a feature."""

from wasgo_chat.feature import Done, Exempt, Feature, Requirement
from wasgo_chat.support.routes import router

FEATURE = Feature(
    name="support",
    summary="Support conversations, assigned to the moderator with the fewest open ones.",
    setting="support",
    routers=[router],
    requirements={
        Requirement.OPENAPI: Done("docs/openapi.json", "create_support_conversation"),
        Requirement.ASYNCAPI: Exempt("Support conversations send the same frames as other conversations."),
        Requirement.AUTHORIZATION: Done("tests/security/expectations.py", "create_support_conversation"),
        Requirement.PRIVACY: Exempt("The feature has no tables; conversations and messages cover its data."),
        Requirement.THREATS: Done("docs/security.md", "support"),
        Requirement.DELIVERY: Exempt("Messages of support conversations take the path of all messages."),
        Requirement.TYPESCRIPT_SDK: Done("sdk/typescript/src", "upport"),
        Requirement.PYTHON_SDK: Done(
            "sdk/python/src/wasgo_chat_client/generated/rest/api/support/create_support_conversation.py"
        ),
        Requirement.UI: Done("web/src/chat", "upport"),
        Requirement.ACCESSIBILITY: Done("web/test/accessibility.spec.ts"),
        Requirement.SCREENSHOTS: Done("docs/images"),
        Requirement.METRICS: Done("src/wasgo_chat/http/request_log.py", "http_requests"),
        Requirement.ALERT: Exempt("The alert on failed requests covers these routes."),
        Requirement.DOCTOR: Exempt("The feature depends on nothing but the database."),
        Requirement.BENCHMARK: Exempt("A support conversation costs what any conversation costs."),
        Requirement.GUIDE: Done("docs/protocol.md", "support"),
        Requirement.SWITCH: Done("src/wasgo_chat/settings/features.py", "support: bool"),
    },
)
