"""The declaration of attachments as a feature."""

from wasgo_chat.attachments.cleanup import OrphanCleanup
from wasgo_chat.attachments.operations import AttachmentsReleased
from wasgo_chat.attachments.routes import router
from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.attachments.upload.multipart import multipart_bytes
from wasgo_chat.feature import Done, Exempt, Feature, PartContext, Parts, Requirement
from wasgo_chat.settings.attachments import AttachmentSettings


def _build(context: PartContext) -> Parts:
    """The store and the cleanup. They also run where the feature is off: stored files are still exported and erased."""
    store = AttachmentStore(context.settings, context.db)
    cleanup = OrphanCleanup(store, context.background_db)
    context.listeners.add(cleanup.wake, AttachmentsReleased)
    return Parts(provides=[store], run=[cleanup.run], close=[store.close])


FEATURE = Feature(
    name="attachments",
    summary="Files in messages: upload, checks, thumbnails, signed links.",
    setting="attachments",
    settings=AttachmentSettings,
    routers=[router],
    # The limit of a form with several files. A single file that is too large gets a more specific error.
    max_body_bytes=multipart_bytes,
    build=_build,
    build_off=_build,
    tables=["attachments"],
    requirements={
        Requirement.OPENAPI: Done("docs/openapi.json", "upload_attachment"),
        Requirement.ASYNCAPI: Done("docs/asyncapi.json", "AttachmentOut"),
        Requirement.AUTHORIZATION: Done("tests/security/expectations.py", "upload_attachment"),
        Requirement.PRIVACY: Done("docs/privacy.md", "attachments"),
        Requirement.THREATS: Done("docs/security.md", "attachment"),
        Requirement.DELIVERY: Done("docs/delivery.md", "attachment"),
        Requirement.TYPESCRIPT_SDK: Done("sdk/typescript/src", "attachment"),
        Requirement.PYTHON_SDK: Done(
            "sdk/python/src/wasgo_chat_client/generated/rest/api/attachments/upload_attachment.py"
        ),
        Requirement.UI: Done("web/src/chat", "attachment"),
        Requirement.ACCESSIBILITY: Done("web/test/accessibility.spec.ts"),
        Requirement.SCREENSHOTS: Done("docs/images"),
        Requirement.METRICS: Done("src/wasgo_chat/http/request_log.py", "http_requests"),
        Requirement.ALERT: Exempt("A failing store answers 503 and 507; the alert on failed requests covers it."),
        Requirement.DOCTOR: Done("src/wasgo_chat/doctor/storage.py"),
        Requirement.BENCHMARK: Exempt("No benchmark yet: an upload is bound by the disk or the object store."),
        Requirement.GUIDE: Done("docs/protocol.md", "attachments"),
        Requirement.SWITCH: Done("src/wasgo_chat/settings/features.py", "attachments: bool"),
    },
)
