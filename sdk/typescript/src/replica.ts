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
  readonly #participants = new Map<string, ParticipantOut>();
  readonly #messages = new Map<string, MessageOut>();
  /** The same messages by seq, and the array that was last given of them: another one only after a change. */
  readonly #bySeq: MessageOut[] = [];
  #ordered: readonly MessageOut[] | undefined;
  #members: readonly ParticipantOut[] | undefined;
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
    for (const one of participants) this.#join(one);
    for (const one of messages) this.#put(one);
  }

  /** By user id, those who are in. */
  get participants(): ReadonlyMap<string, ParticipantOut> {
    return this.#participants;
  }

  /** By id, in no order. */
  get messages(): ReadonlyMap<string, MessageOut> {
    return this.#messages;
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
        const message = this.#messages.get(frame.message_id);
        if (message) this.#put({ ...message, reactions: frame.reactions });
        break;
      }
      case "participant_added":
      case "participant_updated":
        if (frame.participant.left_at === null) this.#join(frame.participant);
        else this.#leave(frame.participant.user.id);
        break;
      case "participant_removed":
        this.#leave(frame.user_id);
        if (frame.member_ids) this.#keepOnly(frame.member_ids);
        break;
      case "conversation_updated":
        this.conversation = frame.conversation;
    }
    return "taken";
  }

  /** Takes a message in if it is new, or not older than the known one. */
  take(message: MessageOut): void {
    const known = this.#messages.get(message.id);
    if (known && message.revision < known.revision) return;
    this.#put(message);
    if (message.revision > 1) this.#renewPreviews(message);
  }

  /** Somebody has read these messages, or everything up to a seq. */
  read(userId: string, messageIds: readonly string[], upToSeq?: number | null): void {
    const participant = this.#participants.get(userId);
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
    if (last !== participant.last_read_seq) this.#join({ ...participant, last_read_seq: last });
  }

  /** Messages by seq; the same array until one of them changes. */
  ordered(): readonly MessageOut[] {
    this.#ordered ??= [...this.#bySeq];
    return this.#ordered;
  }

  /** Those who are in; the same array until that changes. */
  members(): readonly ParticipantOut[] {
    this.#members ??= [...this.#participants.values()];
    return this.#members;
  }

  #put(message: MessageOut): void {
    const isKnown = this.#messages.has(message.id);
    this.#messages.set(message.id, message);
    // What comes is mostly the newest, so its place is looked for from the end.
    const at = this.#bySeq.findLastIndex((one) => one.seq <= message.seq);
    this.#bySeq.splice(isKnown ? at : at + 1, isKnown ? 1 : 0, message);
    this.#ordered = undefined;
  }

  #join(participant: ParticipantOut): void {
    this.#participants.set(participant.user.id, participant);
    this.#members = undefined;
  }

  #leave(userId: string): void {
    if (this.#participants.delete(userId)) this.#members = undefined;
  }

  /** Somebody was erased, perhaps known by an id that nobody says any more. */
  #keepOnly(memberIds: readonly string[]): void {
    for (const id of [...this.#participants.keys()]) {
      if (!memberIds.includes(id)) this.#leave(id);
    }
  }

  #renewPreviews(message: MessageOut): void {
    const content = message.content === null ? null : [...message.content].slice(0, PREVIEW_CHARS).join("");
    for (const reply of [...this.#messages.values()]) {
      if (reply.reply_to !== message.id || !reply.reply_preview) continue;
      const preview = { ...reply.reply_preview, content, is_deleted: message.is_deleted, sender: message.sender };
      this.#put({ ...reply, reply_preview: preview });
    }
  }
}
