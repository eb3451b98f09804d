// A client's copy of a conversation: a snapshot, brought up to date by durable frames. Knows nothing of networks.
// The rules are those of "Staying in sync" in docs/protocol.md: whatever part of the past is replayed, the copy ends
// at the present.

import type {
  ConversationChanged,
  ConversationCore,
  ConversationOut,
  MessageDeleted,
  MessageEdited,
  MessageOut,
  NewMessage,
  ParticipantAdded,
  ParticipantOut,
  ParticipantRemoved,
  ParticipantUpdated,
  ReactionUpdate,
} from "./generated/frames.js";

export type DurableFrame =
  | NewMessage
  | MessageEdited
  | MessageDeleted
  | ReactionUpdate
  | ParticipantAdded
  | ParticipantUpdated
  | ParticipantRemoved
  | ConversationChanged;

/** What became of a frame: taken, known before, or there is a gap before it. */
export type Applied = "taken" | "known" | "gap";

const PREVIEW_CHARS = 140;

export class Replica {
  conversation: ConversationCore;
  /** By user id, those who are in. */
  readonly participants = new Map<string, ParticipantOut>();
  /** By id, in no order. */
  readonly messages = new Map<string, MessageOut>();
  /** Read by a user beyond their `last_read_seq`, by user id: ids of messages. */
  readonly #read = new Map<string, Set<string>>();

  /** `last` is the seq up to which this copy is true. */
  constructor(
    snapshot: ConversationOut,
    messages: readonly MessageOut[],
    public last: number,
  ) {
    const { participants, last_message, last_seq, unread_count, is_archived, ...core } = snapshot;
    this.conversation = core;
    for (const one of participants) this.participants.set(one.user.id, one);
    for (const one of messages) this.messages.set(one.id, one);
  }

  apply(frame: DurableFrame): Applied {
    if (frame.seq <= this.last) return "known";
    if (frame.seq !== this.last + 1) return "gap";
    this.last = frame.seq;
    switch (frame.type) {
      case "new_message":
      case "message_edited":
      case "message_deleted":
        this.take(frame.message);
        break;
      case "reaction_update": {
        const message = this.messages.get(frame.message_id);
        if (message) this.messages.set(message.id, { ...message, reactions: frame.reactions });
        break;
      }
      case "participant_added":
      case "participant_updated":
        if (frame.participant.left_at === null) this.participants.set(frame.participant.user.id, frame.participant);
        else this.participants.delete(frame.participant.user.id);
        break;
      case "participant_removed":
        this.participants.delete(frame.user_id);
        if (frame.member_ids) this.#keepOnly(frame.member_ids);
        break;
      case "conversation_updated":
        this.conversation = frame.conversation;
    }
    return "taken";
  }

  /** Takes a message in if it is new, or not older than the known one. */
  take(message: MessageOut): void {
    const known = this.messages.get(message.id);
    if (known && message.revision < known.revision) return;
    this.messages.set(message.id, message);
    if (message.revision > 1) this.#renewPreviews(message);
  }

  /** Somebody has read these messages, or everything up to a seq. */
  read(userId: string, messageIds: readonly string[], upToSeq?: number | null): void {
    const participant = this.participants.get(userId);
    if (!participant) return;
    const read = this.#read.get(userId) ?? new Set();
    this.#read.set(userId, read);
    for (const id of messageIds) read.add(id);
    let last = Math.max(participant.last_read_seq, upToSeq ?? 0);
    const ordered = this.ordered();
    // What lies between is not loaded, and may be unread.
    const known = ordered[0] !== undefined && ordered[0].seq <= last + 1 ? ordered : [];
    for (const message of known) {
      if (message.seq <= last) continue;
      if (message.sender && message.sender.id !== userId && !message.is_deleted && !read.has(message.id)) break;
      last = message.seq;
    }
    this.participants.set(userId, { ...participant, last_read_seq: last });
  }

  /** Messages by seq. */
  ordered(): MessageOut[] {
    return [...this.messages.values()].sort((one, other) => one.seq - other.seq);
  }

  /** Somebody was erased, perhaps known by an id that nobody says any more. */
  #keepOnly(memberIds: readonly string[]): void {
    for (const id of [...this.participants.keys()]) {
      if (!memberIds.includes(id)) this.participants.delete(id);
    }
  }

  #renewPreviews(message: MessageOut): void {
    const content = message.content === null ? null : [...message.content].slice(0, PREVIEW_CHARS).join("");
    for (const reply of this.messages.values()) {
      if (reply.reply_to !== message.id || !reply.reply_preview) continue;
      const preview = { ...reply.reply_preview, content, is_deleted: message.is_deleted, sender: message.sender };
      this.messages.set(reply.id, { ...reply, reply_preview: preview });
    }
  }
}
