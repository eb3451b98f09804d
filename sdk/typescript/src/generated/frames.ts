// Generated from docs/asyncapi.json by tools/generate.mjs: do not edit.

export type Frame = (ClientFrame | ServerFrame)
export type ClientFrame = (SendMessageFrame | EditMessageFrame | DeleteMessageFrame | ReactFrame | MarkReadFrame | TypingFrame | RefreshTokenFrame | SubscribeFrame | UnsubscribeFrame)
export type ServerFrame = (ConversationHello | Hello | Subscribed | Unsubscribed | NewMessage | MessageEdited | MessageDeleted | ReactionUpdate | ParticipantAdded | ParticipantUpdated | ParticipantRemoved | ConversationChanged | TypingSignal | ReadSignal | Resync | ErrorFrame | UnreadCountsFrame | ConversationAdded | ConversationUpdated | ConversationRemoved | PresenceSignal | NotificationFrame | SendMessageAck | EditMessageAck | DeleteMessageAck | ReactAck | MarkReadAck | TypingAck | RefreshTokenAck | SubscribeAck | UnsubscribeAck)

/**
 * Send a message. The ack has message_id, seq and created_at.
 */
export interface SendMessageFrame {
content?: string
message_type?: ("text" | "image" | "file" | "audio" | "video" | "location")
reply_to?: (string | null)
/**
 * @maxItems 50
 */
mentions?: string[]
metadata?: {
[k: string]: unknown
}
client_id?: (string | null)
/**
 * @maxItems 100
 */
attachment_ids?: string[]
ref?: (string | null)
conversation_id?: (string | null)
type: "send_message"
}
/**
 * Edit a message of the user.
 */
export interface EditMessageFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "edit_message"
message_id: string
content: string
}
/**
 * Delete a message; a tombstone remains.
 */
export interface DeleteMessageFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "delete_message"
message_id: string
}
/**
 * Toggle an emoji, or add or remove it.
 */
export interface ReactFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "react"
message_id: string
emoji: string
action?: (("add" | "remove") | null)
}
/**
 * Mark messages as read.
 */
export interface MarkReadFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "mark_read"
/**
 * @minItems 1
 * @maxItems 500
 */
message_ids: [string, ...(string)[]]
}
/**
 * Signal that the user is typing, or has stopped.
 */
export interface TypingFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "typing"
is_typing?: boolean
}
/**
 * Keep the connection open with a newer token of the same subject.
 */
export interface RefreshTokenFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "refresh_token"
token: string
}
/**
 * Subscribe to a conversation, on a connection for many conversations. `epoch` is the epoch of `after_seq`.
 */
export interface SubscribeFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "subscribe"
after_seq?: (number | null)
epoch?: (string | null)
}
/**
 * End the subscription to a conversation.
 */
export interface UnsubscribeFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "unsubscribe"
}
/**
 * The first frame of a connection of one conversation.
 */
export interface ConversationHello {
user_id: string
/**
 * Seconds between the service's pings.
 */
heartbeat_s: number
limits: Limits
/**
 * The features that are on, such as `attachments` and `notifications`.
 */
features: string[]
/**
 * The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing.
 */
epoch: string
conversation_id: string
role: ("observer" | "participant" | "moderator" | "admin")
last_seq: number
reads: {
[k: string]: number
}
type: "hello"
}
/**
 * Limits of a connection. `messages` per `window_s` seconds is the rate limit in one conversation.
 */
export interface Limits {
content_chars: number
frame_bytes: number
metadata_bytes: number
messages: number
window_s: number
/**
 * The largest file that can be uploaded, in bytes.
 */
attachment_bytes: number
/**
 * How many attachments a message can have.
 */
attachments: number
}
/**
 * The first frame of a connection for many conversations, and of a notification connection.
 */
export interface Hello {
type: "hello"
user_id: string
/**
 * Seconds between the service's pings.
 */
heartbeat_s: number
limits: Limits
/**
 * The features that are on, such as `attachments` and `notifications`.
 */
features: string[]
/**
 * The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing.
 */
epoch: string
}
/**
 * The subscription to a conversation has begun; requested events follow.
 */
export interface Subscribed {
user_id: string
/**
 * Seconds between the service's pings.
 */
heartbeat_s: number
limits: Limits
/**
 * The features that are on, such as `attachments` and `notifications`.
 */
features: string[]
/**
 * The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing.
 */
epoch: string
conversation_id: string
role: ("observer" | "participant" | "moderator" | "admin")
last_seq: number
reads: {
[k: string]: number
}
type: "subscribed"
}
/**
 * A subscription has ended: as requested (code 1000), or because the user was removed (4403).
 */
export interface Unsubscribed {
type: "unsubscribed"
conversation_id: string
code: number
}
/**
 * A user or a service sent a message.
 */
export interface NewMessage {
conversation_id: string
seq: number
type: "new_message"
message: MessageOut
}
/**
 * A message. A deleted one is a tombstone: no content, attachments, reactions, mentions or metadata.
 */
export interface MessageOut {
id: string
conversation: string
seq: number
sender: (UserOut | null)
message_type: ("text" | "image" | "file" | "audio" | "video" | "location" | "system")
content: (string | null)
reply_to: (string | null)
reply_preview: (ReplyPreview | null)
attachments: AttachmentOut[]
reactions: ReactionOut[]
mentions: string[]
metadata: {
[k: string]: unknown
}
client_id: (string | null)
revision: number
is_edited: boolean
edited_at: (string | null)
is_deleted: boolean
deleted_at: (string | null)
created_at: string
}
/**
 * The public profile of a user.
 */
export interface UserOut {
id: string
username: string
display_name: (string | null)
avatar_url: (string | null)
}
/**
 * The current version of the message that was replied to; `content` is cut after 140 characters.
 */
export interface ReplyPreview {
id: string
seq: number
sender: (UserOut | null)
message_type: ("text" | "image" | "file" | "audio" | "video" | "location" | "system")
content: (string | null)
is_deleted: boolean
}
/**
 * A file. Its URLs are signed and valid for minutes, so that `<img>` and `<a>` work without headers.
 * 
 * Load the attachment or its message again to get new ones.
 */
export interface AttachmentOut {
id: string
url: string
thumbnail_url: (string | null)
filename: string
content_type: string
/**
 * Bytes.
 */
size: number
/**
 * SHA-256 of the file as it is served, in hexadecimal.
 */
sha256: string
/**
 * Pixels.
 */
width: (number | null)
/**
 * Pixels.
 */
height: (number | null)
/**
 * Seconds.
 */
duration: (number | null)
}
/**
 * An emoji on a message, and the users who reacted with it. `me` (the caller did) is in HTTP responses only.
 */
export interface ReactionOut {
emoji: string
count: number
user_ids: string[]
me?: (boolean | null)
}
/**
 * A message has new content. Apply it unless its `revision` is lower than the known one.
 */
export interface MessageEdited {
conversation_id: string
seq: number
type: "message_edited"
message: MessageOut
}
/**
 * A message was deleted and is a tombstone now.
 */
export interface MessageDeleted {
conversation_id: string
seq: number
type: "message_deleted"
message_id: string
message: MessageOut
}
/**
 * A user added or removed a reaction; `reactions` are all current reactions to the message.
 */
export interface ReactionUpdate {
conversation_id: string
seq: number
type: "reaction_update"
message_id: string
user_id: string
username: string
emoji: string
action: ("added" | "removed")
reactions: ReactionOut[]
}
/**
 * A user joined the conversation.
 */
export interface ParticipantAdded {
conversation_id: string
seq: number
type: "participant_added"
participant: ParticipantOut
}
/**
 * A participant. They have read everything that others sent up to `last_read_seq`.
 */
export interface ParticipantOut {
user: UserOut
role: ("observer" | "participant" | "moderator" | "admin")
joined_at: string
left_at: (string | null)
last_read_seq: number
}
/**
 * A participant has another role.
 */
export interface ParticipantUpdated {
conversation_id: string
seq: number
type: "participant_updated"
participant: ParticipantOut
}
/**
 * A user left or was removed; `by` is null if a service did it.
 * 
 * If the user was erased, `member_ids` lists the remaining members: drop every other participant, because `user_id`
 * can be an id that the client does not know.
 */
export interface ParticipantRemoved {
conversation_id: string
seq: number
type: "participant_removed"
user_id: string
by: (string | null)
member_ids?: (string[] | null)
}
/**
 * Title, metadata, settings or status changed; the frame has the current values.
 */
export interface ConversationChanged {
conversation_id: string
seq: number
type: "conversation_updated"
conversation: ConversationCore
}
/**
 * The part of a conversation that is the same for every member; event frames carry it.
 */
export interface ConversationCore {
id: string
conversation_type: ("direct" | "job" | "bid" | "request" | "support" | "dispute")
title: string
reference: (ReferenceOut | null)
status: ("open" | "closed")
metadata: {
[k: string]: unknown
}
settings: {
[k: string]: unknown
}
created_at: string
updated_at: string
}
/**
 * The platform's object that a conversation is about, as an opaque pair.
 */
export interface ReferenceOut {
type: string
id: string
}
/**
 * Another member is typing, or has stopped.
 */
export interface TypingSignal {
type: "typing"
conversation_id: string
user_id: string
username: string
is_typing: boolean
}
/**
 * A member has read these messages or, with `up_to_seq`, every message up to it.
 */
export interface ReadSignal {
type: "messages_read"
conversation_id: string
message_ids: string[]
user_id: string
up_to_seq?: (number | null)
}
/**
 * Load the conversation again: the requested events cannot be replayed, or an epoch has begun because logs lost
 * events. Live events follow after `last_seq`.
 */
export interface Resync {
type: "resync"
conversation_id: string
last_seq: number
/**
 * The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing.
 */
epoch: string
}
/**
 * A frame was refused. `ref` is null if the frame had none or it could not be read.
 */
export interface ErrorFrame {
type: "error"
ref: (string | null)
code: string
detail: string
errors?: (FieldError[] | null)
/**
 * True if there are more than the listed `errors`.
 */
errors_omitted?: (boolean | null)
retry_after_s?: (number | null)
}
/**
 * One invalid value of a request: its location, a stable code and a message. The value itself is never repeated.
 */
export interface FieldError {
loc: (string | number)[]
code: string
message: string
}
/**
 * The number of the user's unread messages, in total and by conversation.
 */
export interface UnreadCountsFrame {
total: number
conversations: {
[k: string]: number
}
type: "unread_counts"
}
/**
 * The user has become a member of a conversation.
 */
export interface ConversationAdded {
type: "conversation_added"
conversation: ConversationOut
}
/**
 * A conversation as one member sees it: `unread_count` and `is_archived` are specific to the member.
 */
export interface ConversationOut {
id: string
conversation_type: ("direct" | "job" | "bid" | "request" | "support" | "dispute")
title: string
reference: (ReferenceOut | null)
status: ("open" | "closed")
metadata: {
[k: string]: unknown
}
settings: {
[k: string]: unknown
}
created_at: string
updated_at: string
/**
 * All participants; in lists and in frames, the member and at most 19 others.
 */
participants: ParticipantOut[]
participant_count: number
last_message: (MessageOut | null)
last_seq: number
unread_count: number
is_archived: boolean
}
/**
 * The title, metadata, settings or status of a conversation of the user has changed.
 */
export interface ConversationUpdated {
type: "conversation_updated"
conversation: ConversationOut
}
/**
 * The user is no longer a member of a conversation.
 */
export interface ConversationRemoved {
type: "conversation_removed"
conversation_id: string
}
/**
 * A user who shares a conversation with this user went online or offline.
 */
export interface PresenceSignal {
user_id: string
online: boolean
last_seen: (string | null)
type: "presence"
}
/**
 * The user has a new notification.
 */
export interface NotificationFrame {
type: "notification"
notification: NotificationOut
}
/**
 * A notification of a message. `is_read` is true once the notification was marked as read or its message was read.
 * 
 * `read_at` is when the notification was marked as read.
 */
export interface NotificationOut {
id: string
kind: ("message" | "reply" | "mention")
conversation: string
message_id: string
seq: number
title: string
sender: UserOut
preview: (string | null)
created_at: string
is_read: boolean
read_at: (string | null)
}
/**
 * The message is stored.
 */
export interface SendMessageAck {
type: "ack"
ref: string
message_id: string
seq: number
created_at: string
}
/**
 * The message is edited.
 */
export interface EditMessageAck {
type: "ack"
ref: string
message_id: string
revision: number
}
/**
 * The message is deleted; a tombstone remains.
 */
export interface DeleteMessageAck {
type: "ack"
ref: string
message_id: string
}
/**
 * The reaction is added or removed.
 */
export interface ReactAck {
type: "ack"
ref: string
action: ("added" | "removed")
reactions: ReactionOut[]
message_id: string
}
/**
 * The messages are marked as read.
 */
export interface MarkReadAck {
type: "ack"
ref: string
marked: number
unread_count: number
}
/**
 * The typing signal is accepted.
 */
export interface TypingAck {
type: "ack"
ref: string
}
/**
 * The connection may stay open until `expires_at`.
 */
export interface RefreshTokenAck {
type: "ack"
ref: string
/**
 * Unix seconds.
 */
expires_at: number
}
/**
 * The subscription has begun; the `subscribed` frame came before.
 */
export interface SubscribeAck {
type: "ack"
ref: string
conversation_id: string
}
/**
 * The subscription has ended.
 */
export interface UnsubscribeAck {
type: "ack"
ref: string
conversation_id: string
}
