"""Contains all the data models used in inputs/outputs"""

from .add_participant import AddParticipant
from .add_participant_role import AddParticipantRole
from .assign_staff import AssignStaff
from .attachment_out import AttachmentOut
from .audit_out import AuditOut
from .audit_page import AuditPage
from .channel_choices import ChannelChoices
from .channels import Channels
from .consumer_out import ConsumerOut
from .consumers_out import ConsumersOut
from .conversation_changed import ConversationChanged
from .conversation_core import ConversationCore
from .conversation_core_conversation_type import ConversationCoreConversationType
from .conversation_core_metadata import ConversationCoreMetadata
from .conversation_core_settings import ConversationCoreSettings
from .conversation_core_status import ConversationCoreStatus
from .conversation_out import ConversationOut
from .conversation_out_conversation_type import ConversationOutConversationType
from .conversation_out_metadata import ConversationOutMetadata
from .conversation_out_settings import ConversationOutSettings
from .conversation_out_status import ConversationOutStatus
from .conversation_page import ConversationPage
from .create_conversation import CreateConversation
from .create_conversation_conversation_type import CreateConversationConversationType
from .create_conversation_metadata import CreateConversationMetadata
from .create_support_conversation import CreateSupportConversation
from .dead_kind import DeadKind
from .dead_kind_channel import DeadKindChannel
from .dead_kinds import DeadKinds
from .delivery_counts import DeliveryCounts
from .delivery_out import DeliveryOut
from .delivery_out_channel import DeliveryOutChannel
from .delivery_out_state import DeliveryOutState
from .delivery_page import DeliveryPage
from .download_attachment_variant import DownloadAttachmentVariant
from .edit_message import EditMessage
from .erasure_out import ErasureOut
from .erasure_out_state import ErasureOutState
from .event_page import EventPage
from .field_error import FieldError
from .figures_out import FiguresOut
from .health import Health
from .histogram import Histogram
from .inspect_conversations_conversation_type_type_0 import InspectConversationsConversationTypeType0
from .inspect_conversations_status_type_0 import InspectConversationsStatusType0
from .inspected_conversation import InspectedConversation
from .inspected_conversation_conversation_type import InspectedConversationConversationType
from .inspected_conversation_detail import InspectedConversationDetail
from .inspected_conversation_detail_conversation_type import InspectedConversationDetailConversationType
from .inspected_conversation_detail_metadata import InspectedConversationDetailMetadata
from .inspected_conversation_detail_settings import InspectedConversationDetailSettings
from .inspected_conversation_detail_status import InspectedConversationDetailStatus
from .inspected_conversation_metadata import InspectedConversationMetadata
from .inspected_conversation_page import InspectedConversationPage
from .inspected_conversation_settings import InspectedConversationSettings
from .inspected_conversation_status import InspectedConversationStatus
from .inspected_message import InspectedMessage
from .inspected_message_page import InspectedMessagePage
from .list_conversations_conversation_type_type_0 import ListConversationsConversationTypeType0
from .list_dead_letters_channel_type_0 import ListDeadLettersChannelType0
from .list_deliveries_state_type_0 import ListDeliveriesStateType0
from .list_messages_message_type_type_0 import ListMessagesMessageTypeType0
from .mark_multiple_read import MarkMultipleRead
from .marked_notifications import MarkedNotifications
from .message_deleted import MessageDeleted
from .message_edited import MessageEdited
from .message_out import MessageOut
from .message_out_message_type import MessageOutMessageType
from .message_out_metadata import MessageOutMetadata
from .message_page import MessagePage
from .mutes_out import MutesOut
from .mutes_out_conversations import MutesOutConversations
from .new_message import NewMessage
from .notification_out import NotificationOut
from .notification_out_kind import NotificationOutKind
from .notification_page import NotificationPage
from .parked_event import ParkedEvent
from .parked_events import ParkedEvents
from .participant_added import ParticipantAdded
from .participant_in import ParticipantIn
from .participant_in_role import ParticipantInRole
from .participant_out import ParticipantOut
from .participant_out_role import ParticipantOutRole
from .participant_removed import ParticipantRemoved
from .participant_updated import ParticipantUpdated
from .preferences import Preferences
from .preferences_level import PreferencesLevel
from .preferences_of_conversation import PreferencesOfConversation
from .preferences_of_conversation_level_type_0 import PreferencesOfConversationLevelType0
from .presence_out import PresenceOut
from .presences_out import PresencesOut
from .problem import Problem
from .provision_conversation import ProvisionConversation
from .provision_conversation_metadata_type_0 import ProvisionConversationMetadataType0
from .provisioned_participant import ProvisionedParticipant
from .provisioned_participant_role import ProvisionedParticipantRole
from .push_keys import PushKeys
from .put_user import PutUser
from .quiet_hours import QuietHours
from .react_to_message import ReactToMessage
from .react_to_message_action_type_0 import ReactToMessageActionType0
from .reaction_out import ReactionOut
from .reaction_result import ReactionResult
from .reaction_result_action import ReactionResultAction
from .reaction_update import ReactionUpdate
from .reaction_update_action import ReactionUpdateAction
from .read_result import ReadResult
from .reader_lag import ReaderLag
from .readiness import Readiness
from .readiness_checks import ReadinessChecks
from .readiness_status import ReadinessStatus
from .receipt_out import ReceiptOut
from .receipts_out import ReceiptsOut
from .reference import Reference
from .reference_out import ReferenceOut
from .remove_participant import RemoveParticipant
from .reply_preview import ReplyPreview
from .reply_preview_message_type import ReplyPreviewMessageType
from .retried_deliveries import RetriedDeliveries
from .retried_events import RetriedEvents
from .retry_deliveries import RetryDeliveries
from .retry_deliveries_channel_type_0 import RetryDeliveriesChannelType0
from .revision_out import RevisionOut
from .revoked import Revoked
from .send_message import SendMessage
from .send_message_files_body import SendMessageFilesBody
from .send_message_files_body_message_type import SendMessageFilesBodyMessageType
from .send_message_message_type import SendMessageMessageType
from .send_message_metadata import SendMessageMetadata
from .send_system_message import SendSystemMessage
from .send_system_message_metadata import SendSystemMessageMetadata
from .subscribe import Subscribe
from .subscription_out import SubscriptionOut
from .subscriptions_out import SubscriptionsOut
from .ticket_out import TicketOut
from .unread_counts import UnreadCounts
from .unread_counts_conversations import UnreadCountsConversations
from .unsubscribe import Unsubscribe
from .update_conversation import UpdateConversation
from .update_conversation_metadata_type_0 import UpdateConversationMetadataType0
from .update_conversation_settings_type_0 import UpdateConversationSettingsType0
from .update_conversation_status_type_0 import UpdateConversationStatusType0
from .update_participant import UpdateParticipant
from .update_participant_role import UpdateParticipantRole
from .upload_attachment_body import UploadAttachmentBody
from .upload_attachment_body_message_type import UploadAttachmentBodyMessageType
from .user_out import UserOut

__all__ = (
    "AddParticipant",
    "AddParticipantRole",
    "AssignStaff",
    "AttachmentOut",
    "AuditOut",
    "AuditPage",
    "ChannelChoices",
    "Channels",
    "ConsumerOut",
    "ConsumersOut",
    "ConversationChanged",
    "ConversationCore",
    "ConversationCoreConversationType",
    "ConversationCoreMetadata",
    "ConversationCoreSettings",
    "ConversationCoreStatus",
    "ConversationOut",
    "ConversationOutConversationType",
    "ConversationOutMetadata",
    "ConversationOutSettings",
    "ConversationOutStatus",
    "ConversationPage",
    "CreateConversation",
    "CreateConversationConversationType",
    "CreateConversationMetadata",
    "CreateSupportConversation",
    "DeadKind",
    "DeadKindChannel",
    "DeadKinds",
    "DeliveryCounts",
    "DeliveryOut",
    "DeliveryOutChannel",
    "DeliveryOutState",
    "DeliveryPage",
    "DownloadAttachmentVariant",
    "EditMessage",
    "ErasureOut",
    "ErasureOutState",
    "EventPage",
    "FieldError",
    "FiguresOut",
    "Health",
    "Histogram",
    "InspectConversationsConversationTypeType0",
    "InspectConversationsStatusType0",
    "InspectedConversation",
    "InspectedConversationConversationType",
    "InspectedConversationDetail",
    "InspectedConversationDetailConversationType",
    "InspectedConversationDetailMetadata",
    "InspectedConversationDetailSettings",
    "InspectedConversationDetailStatus",
    "InspectedConversationMetadata",
    "InspectedConversationPage",
    "InspectedConversationSettings",
    "InspectedConversationStatus",
    "InspectedMessage",
    "InspectedMessagePage",
    "ListConversationsConversationTypeType0",
    "ListDeadLettersChannelType0",
    "ListDeliveriesStateType0",
    "ListMessagesMessageTypeType0",
    "MarkedNotifications",
    "MarkMultipleRead",
    "MessageDeleted",
    "MessageEdited",
    "MessageOut",
    "MessageOutMessageType",
    "MessageOutMetadata",
    "MessagePage",
    "MutesOut",
    "MutesOutConversations",
    "NewMessage",
    "NotificationOut",
    "NotificationOutKind",
    "NotificationPage",
    "ParkedEvent",
    "ParkedEvents",
    "ParticipantAdded",
    "ParticipantIn",
    "ParticipantInRole",
    "ParticipantOut",
    "ParticipantOutRole",
    "ParticipantRemoved",
    "ParticipantUpdated",
    "Preferences",
    "PreferencesLevel",
    "PreferencesOfConversation",
    "PreferencesOfConversationLevelType0",
    "PresenceOut",
    "PresencesOut",
    "Problem",
    "ProvisionConversation",
    "ProvisionConversationMetadataType0",
    "ProvisionedParticipant",
    "ProvisionedParticipantRole",
    "PushKeys",
    "PutUser",
    "QuietHours",
    "ReactionOut",
    "ReactionResult",
    "ReactionResultAction",
    "ReactionUpdate",
    "ReactionUpdateAction",
    "ReactToMessage",
    "ReactToMessageActionType0",
    "ReaderLag",
    "Readiness",
    "ReadinessChecks",
    "ReadinessStatus",
    "ReadResult",
    "ReceiptOut",
    "ReceiptsOut",
    "Reference",
    "ReferenceOut",
    "RemoveParticipant",
    "ReplyPreview",
    "ReplyPreviewMessageType",
    "RetriedDeliveries",
    "RetriedEvents",
    "RetryDeliveries",
    "RetryDeliveriesChannelType0",
    "RevisionOut",
    "Revoked",
    "SendMessage",
    "SendMessageFilesBody",
    "SendMessageFilesBodyMessageType",
    "SendMessageMessageType",
    "SendMessageMetadata",
    "SendSystemMessage",
    "SendSystemMessageMetadata",
    "Subscribe",
    "SubscriptionOut",
    "SubscriptionsOut",
    "TicketOut",
    "UnreadCounts",
    "UnreadCountsConversations",
    "Unsubscribe",
    "UpdateConversation",
    "UpdateConversationMetadataType0",
    "UpdateConversationSettingsType0",
    "UpdateConversationStatusType0",
    "UpdateParticipant",
    "UpdateParticipantRole",
    "UploadAttachmentBody",
    "UploadAttachmentBodyMessageType",
    "UserOut",
)
