// Generated from docs/asyncapi.json by tools/generate.mjs: do not edit.

export type Frame = (ClientFrame | ServerFrame)
export type ClientFrame = (SendMessageFrame | EditMessageFrame | DeleteMessageFrame | ReactFrame | MarkReadFrame | TypingFrame | RefreshTokenFrame | SubscribeFrame | UnsubscribeFrame)
export type ServerFrame = (ConversationHello | Hello | Subscribed | Unsubscribed | NewMessage | MessageEdited | MessageDeleted | ReactionUpdate | ParticipantAdded | ParticipantUpdated | ParticipantRemoved | ConversationChanged | TypingSignal | ReadSignal | Resync | ErrorFrame | UnreadCountsFrame | ConversationAdded | ConversationUpdated | ConversationRemoved | PresenceSignal | NotificationFrame | SendMessageAck | EditMessageAck | DeleteMessageAck | ReactAck | MarkReadAck | TypingAck | RefreshTokenAck | SubscribeAck | UnsubscribeAck)

/**
 * Send a message; acked with message_id, seq, created_at.
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
 * Change one's own message.
 */
export interface EditMessageFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "edit_message"
message_id: string
content: string
}
/**
 * Make a message a tombstone.
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
 * Say that one is typing, or has stopped.
 */
export interface TypingFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "typing"
is_typing?: boolean
}
/**
 * Prolong the socket with a newer token of the same subject.
 */
export interface RefreshTokenFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "refresh_token"
token: string
}
/**
 * Follow a conversation on a socket for many.
 */
export interface SubscribeFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "subscribe"
after_seq?: (number | null)
}
/**
 * Stop following it.
 */
export interface UnsubscribeFrame {
ref?: (string | null)
conversation_id?: (string | null)
type: "unsubscribe"
}
/**
 * The first frame of a socket of one conversation.
 */
export interface ConversationHello {
user_id: string
/**
 * Seconds between the service's pings.
 */
heartbeat_s: number
limits: Limits
conversation_id: string
role: ("observer" | "participant" | "moderator" | "admin")
last_seq: number
reads: {
[k: string]: number
}
type: "hello"
}
/**
 * What a socket takes; `messages` per `window_s` seconds is the rate in one conversation.
 */
export interface Limits {
content_chars: number
frame_bytes: number
metadata_bytes: number
messages: number
window_s: number
}
/**
 * The first frame of a socket for many conversations, and of a notification socket.
 */
export interface Hello {
type: "hello"
user_id: string
/**
 * Seconds between the service's pings.
 */
heartbeat_s: number
limits: Limits
}
/**
 * A conversation is followed from here; the events asked for come next.
 */
export interface Subscribed {
user_id: string
/**
 * Seconds between the service's pings.
 */
heartbeat_s: number
limits: Limits
conversation_id: string
role: ("observer" | "participant" | "moderator" | "admin")
last_seq: number
reads: {
[k: string]: number
}
type: "subscribed"
}
/**
 * It is followed no more: as asked (1000), or after a removal (4403).
 */
export interface Unsubscribed {
type: "unsubscribed"
conversation_id: string
code: number
}
/**
 * Somebody, or the service, has said something.
 */
export interface NewMessage {
conversation_id: string
seq: number
type: "new_message"
message: MessageOut
}
/**
 * A message. A deleted one is a tombstone: content null, nothing attached.
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
 * A user as others see them.
 */
export interface UserOut {
id: string
username: string
display_name: (string | null)
avatar_url: (string | null)
}
/**
 * The message that was replied to, as it stands now; at most 140 characters of it.
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
 * A file. The URLs are signed and live for minutes, so that `<img>` and `<a>` work without headers;
 * load the attachment or its message again for new ones.
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
 * Of the file as it is served, in hexadecimal.
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
 * One emoji on a message, and who gave it. `me` is in HTTP answers only.
 */
export interface ReactionOut {
emoji: string
count: number
user_ids: string[]
me?: (boolean | null)
}
/**
 * A message has other words now; take it if its `revision` is not below the known one.
 */
export interface MessageEdited {
conversation_id: string
seq: number
type: "message_edited"
message: MessageOut
}
/**
 * A message is a tombstone now.
 */
export interface MessageDeleted {
conversation_id: string
seq: number
type: "message_deleted"
message_id: string
message: MessageOut
}
/**
 * A reaction came or went; `reactions` are all of the message as they stand.
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
 * Somebody joined.
 */
export interface ParticipantAdded {
conversation_id: string
seq: number
type: "participant_added"
participant: ParticipantOut
}
/**
 * Somebody in a conversation. All that others sent up to `last_read_seq` is read.
 */
export interface ParticipantOut {
user: UserOut
role: ("observer" | "participant" | "moderator" | "admin")
joined_at: string
left_at: (string | null)
last_read_seq: number
}
/**
 * Somebody has another role.
 */
export interface ParticipantUpdated {
conversation_id: string
seq: number
type: "participant_updated"
participant: ParticipantOut
}
/**
 * Somebody left, or was removed; `by` is null for a service.
 * 
 * `member_ids` is there where they were erased, and has all who are in: drop everybody else, as the `user_id` may be
 * one that was never told.
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
 * Title, metadata, settings or status as they stand now.
 */
export interface ConversationChanged {
conversation_id: string
seq: number
type: "conversation_updated"
conversation: ConversationCore
}
/**
 * A conversation as everybody sees it: what frames carry.
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
 * The opaque pair.
 */
export interface ReferenceOut {
type: string
id: string
}
/**
 * Somebody else types, or has stopped.
 */
export interface TypingSignal {
type: "typing"
conversation_id: string
user_id: string
username: string
is_typing: boolean
}
/**
 * Somebody has read: these messages, or with `up_to_seq` everything up to there.
 */
export interface ReadSignal {
type: "messages_read"
conversation_id: string
message_ids: string[]
user_id: string
up_to_seq?: (number | null)
}
/**
 * Load afresh: what was asked for cannot be replayed. The socket is live from `last_seq`.
 */
export interface Resync {
type: "resync"
conversation_id: string
last_seq: number
}
/**
 * A refusal; `ref` is null where the frame had none or none could be read.
 */
export interface ErrorFrame {
type: "error"
ref: (string | null)
code: string
detail: string
errors?: (FieldError[] | null)
retry_after_s?: (number | null)
}
/**
 * One wrong value of a request: where, a stable code, a sentence. The value itself is never repeated.
 */
export interface FieldError {
loc: (string | number)[]
code: string
message: string
}
/**
 * The user's unread messages, in all and by conversation.
 */
export interface UnreadCountsFrame {
total: number
conversations: {
[k: string]: number
}
type: "unread_counts"
}
/**
 * The user is in one more conversation.
 */
export interface ConversationAdded {
type: "conversation_added"
conversation: ConversationOut
}
/**
 * A conversation as one member sees it: `unread_count` and `is_archived` are that member's own.
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
participants: ParticipantOut[]
last_message: (MessageOut | null)
last_seq: number
unread_count: number
is_archived: boolean
}
/**
 * Title, metadata, settings or status of one of the user's conversations changed.
 */
export interface ConversationUpdated {
type: "conversation_updated"
conversation: ConversationOut
}
/**
 * The user is no longer in a conversation.
 */
export interface ConversationRemoved {
type: "conversation_removed"
conversation_id: string
}
/**
 * Somebody who shares a conversation with the user came or went.
 */
export interface PresenceSignal {
user_id: string
online: boolean
last_seen: (string | null)
type: "presence"
}
/**
 * The user was told of a message.
 */
export interface NotificationFrame {
type: "notification"
notification: NotificationOut
}
/**
 * A user was told of a message. `is_read` is true once it was marked here or its message was read.
 * 
 * `read_at` is when it was marked here.
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
 * The message has other words now.
 */
export interface EditMessageAck {
type: "ack"
ref: string
message_id: string
revision: number
}
/**
 * The message is a tombstone now.
 */
export interface DeleteMessageAck {
type: "ack"
ref: string
message_id: string
}
/**
 * The reaction is as it should be.
 */
export interface ReactAck {
type: "ack"
ref: string
action: ("added" | "removed")
reactions: ReactionOut[]
message_id: string
}
/**
 * The messages are read.
 */
export interface MarkReadAck {
type: "ack"
ref: string
marked: number
unread_count: number
}
/**
 * It was heard.
 */
export interface TypingAck {
type: "ack"
ref: string
}
/**
 * The socket may live until then.
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
 * It is followed; `subscribed` came before.
 */
export interface SubscribeAck {
type: "ack"
ref: string
conversation_id: string
}
/**
 * It is followed no more.
 */
export interface UnsubscribeAck {
type: "ack"
ref: string
conversation_id: string
}
