"""The declaration of the integration routes as a feature."""

from wasgo_chat.feature import Done, Exempt, Feature, Requirement
from wasgo_chat.integrations.routes import router

FEATURE = Feature(
    name="integrations",
    summary="Routes by which services provision conversations and users, and post system messages.",
    setting="integrations",
    is_listed=False,
    routers=[router],
    max_body_bytes=lambda settings: settings.max_body_bytes,
    requirements={
        Requirement.OPENAPI: Done("docs/openapi.json", "send_system_message"),
        Requirement.ASYNCAPI: Exempt("Services call HTTP routes; their changes reach sockets as ordinary events."),
        Requirement.AUTHORIZATION: Done("tests/security/expectations.py", "send_system_message"),
        Requirement.PRIVACY: Exempt("The feature has no tables; users, conversations and messages cover its data."),
        Requirement.THREATS: Done("docs/security.md", "service"),
        Requirement.DELIVERY: Exempt("System messages take the path of all messages."),
        Requirement.TYPESCRIPT_SDK: Exempt("Services use the Python SDK; browsers never call these routes."),
        Requirement.PYTHON_SDK: Done("sdk/python/src/wasgo_chat_client/platform.py"),
        Requirement.UI: Exempt("Services have no pages."),
        Requirement.ACCESSIBILITY: Exempt("Services have no pages."),
        Requirement.SCREENSHOTS: Exempt("Services have no pages."),
        Requirement.METRICS: Done("src/wasgo_chat/http/request_log.py", "http_requests"),
        Requirement.ALERT: Exempt("The alert on failed requests covers these routes."),
        Requirement.DOCTOR: Done("src/wasgo_chat/doctor/token_issuer.py"),
        Requirement.BENCHMARK: Exempt("Provisioning is rare: once per bid, job, request or dispute."),
        Requirement.GUIDE: Done("docs/recipes/django.md"),
        Requirement.SWITCH: Done("src/wasgo_chat/settings/features.py", "integrations: bool"),
    },
)
