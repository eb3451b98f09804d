// A local copy of a conversation: a snapshot, updated by events. It does no I/O. It follows the rules of "Staying in sync" in
// docs/protocol.md: whichever part of the log is replayed, the result is the current state.

import type { ConversationCore, ConversationOut, MessageOut, ParticipantOut, ServerFrame } from "./generated/frames.js";

/** A frame that carries an event of the conversation's log. */
export type EventFrame = Extract<ServerFrame, { seq: number; conversation_id: string }>;

export function isEvent(frame: ServerFrame): frame is EventFrame {
  return "seq" in frame && "conversation_id" in frame;
}

/** `duplicate`: the replica had the event already. `gap`: events before it are missing, and it was not applied. */
export type ApplyResult = "applied" | "duplicate" | "gap";

const PREVIEW_CHARS = 140;

export class Replica {
  conversation: ConversationCore;
  readonly #participants = new Map<string, ParticipantOut>();
  readonly #messages = new Map<string, MessageOut>();
  readonly #bySeq: MessageOut[] = [];
  /** Cached arrays, so that callers get the same one until something changes. */
  #orderedMessages: readonly MessageOut[] | undefined;
  #participantList: readonly ParticipantOut[] | undefined;
  /** Messages before this seq are not loaded; 0 if all are. */
  #oldestSeq = 0;
  /** Messages between these seqs are not loaded: the replica shows an older part of the conversation. */
  #gap: { readonly from: number; readonly to: number } | undefined;
  /** `hasOlder` of the newest messages, while an older part is shown. */
  #newestHasOlder = false;
  /** Ids of messages that a user has read beyond their `last_read_seq`, by user id. */
  readonly #readMessages = new Map<string, Set<string>>();

  /**
   * `lastSeq` is the seq of the last event that the snapshot and messages include; `hasOlder` tells whether there are messages
   * before these.
   */
  constructor(
    snapshot: ConversationOut,
    messages: readonly MessageOut[],
    public lastSeq: number,
    hasOlder = false,
  ) {
    const { participants, participant_count, last_message, last_seq, unread_count, is_archived, ...core } = snapshot;
    this.conversation = core;
    for (const participant of participants) this.#setParticipant(participant);
    for (const message of messages) this.#setMessage(message);
    this.#setHasOlder(hasOlder);
  }

  /** Current participants by user id. */
  get participants(): ReadonlyMap<string, ParticipantOut> {
    return this.#participants;
  }

  /** Messages by id, in no particular order. */
  get messages(): ReadonlyMap<string, MessageOut> {
    return this.#messages;
  }

  apply(frame: EventFrame): ApplyResult {
    if (frame.seq <= this.lastSeq) return "duplicate";
    if (frame.seq !== this.lastSeq + 1) return "gap";
    this.lastSeq = frame.seq;
    switch (frame.type) {
      case "new_message":
        this.#updateProfile(frame.message.sender);
        this.putMessage(frame.message);
        break;
      case "message_edited":
      case "message_deleted":
        this.putMessage(frame.message);
        break;
      case "reaction_update": {
        const message = this.#messages.get(frame.message_id);
        if (message) this.#setMessage({ ...message, reactions: frame.reactions });
        break;
      }
      case "participant_added":
      case "participant_updated":
        if (frame.participant.left_at === null) this.#setParticipant(frame.participant);
        else this.#removeParticipant(frame.participant.user.id);
        break;
      case "participant_removed":
        this.#removeParticipant(frame.user_id);
        if (frame.member_ids) this.#removeParticipantsExcept(frame.member_ids);
        break;
      case "conversation_updated":
        this.conversation = frame.conversation;
    }
    return "applied";
  }

  /** Adds or replaces a message, unless the replica has a later revision of it, or its part of the history is not loaded. */
  putMessage(message: MessageOut): void {
    const known = this.#messages.get(message.id);
    if (known && message.revision < known.revision) return;
    if (known || this.#isInLoadedPart(message.seq)) this.#setMessage(message);
    if (message.revision > 1) this.#updateReplyPreviews(message);
  }

  /** The user has read these messages, or all messages up to a seq. */
  markRead(userId: string, messageIds: readonly string[], upToSeq?: number | null): void {
    const participant = this.#participants.get(userId);
    if (!participant) return;
    const readMessages = this.#readMessages.get(userId) ?? new Set();
    this.#readMessages.set(userId, readMessages);
    for (const id of messageIds) readMessages.add(id);
    let lastReadSeq = Math.max(participant.last_read_seq, upToSeq ?? 0);
    const ordered = this.orderedMessages();
    // If messages in between are not loaded, they may be unread.
    const isContiguous = ordered[0] !== undefined && ordered[0].seq <= lastReadSeq + 1;
    for (const message of isContiguous ? ordered : []) {
      if (message.seq <= lastReadSeq) continue;
      const isUnread = message.sender && message.sender.id !== userId && !message.is_deleted && !readMessages.has(message.id);
      if (isUnread) break;
      lastReadSeq = message.seq;
    }
    if (lastReadSeq !== participant.last_read_seq) this.#setParticipant({ ...participant, last_read_seq: lastReadSeq });
  }

  /** Messages by seq, including tombstones; while `hasNewer`, the older part. The same array until a message changes. */
  orderedMessages(): readonly MessageOut[] {
    const { from } = this.#gap ?? { from: Infinity };
    this.#orderedMessages ??= this.#bySeq.filter((message) => message.seq <= from);
    return this.#orderedMessages;
  }

  /** Whether there are messages before those of `orderedMessages`. */
  get hasOlder(): boolean {
    return this.#oldestSeq > 0;
  }

  /** Whether there are messages after those of `orderedMessages`. */
  get hasNewer(): boolean {
    return this.#gap !== undefined;
  }

  /** Adds the page before `orderedMessages`. */
  addOlder(messages: readonly MessageOut[], hasOlder: boolean): void {
    this.#oldestSeq = 0;
    for (const message of messages) this.putMessage(message);
    this.#setHasOlder(hasOlder);
  }

  /** Adds the page after `orderedMessages`, while `hasNewer`. */
  addNewer(messages: readonly MessageOut[], hasNewer: boolean): void {
    if (!this.#gap) return;
    const from = Math.max(this.#gap.from, ...messages.map((message) => message.seq));
    this.#gap = hasNewer && from < this.#gap.to ? { from, to: this.#gap.to } : undefined;
    for (const message of messages) this.putMessage(message);
    this.#orderedMessages = undefined;
  }

  /** Shows an older part of the conversation; if it reaches the newest messages, it is joined with them. */
  showPart(messages: readonly MessageOut[], hasOlder: boolean, hasNewer: boolean): void {
    this.showNewest();
    const to = this.#bySeq[0]?.seq ?? Infinity;
    const from = Math.max(0, ...messages.map((message) => message.seq));
    this.#gap = hasNewer && from < to ? { from, to } : undefined;
    this.#newestHasOlder = this.hasOlder;
    this.addOlder(messages, hasOlder);
  }

  /** Shows the newest messages, and forgets the older part. */
  showNewest(): void {
    if (!this.#gap) return;
    const { from } = this.#gap;
    this.#gap = undefined;
    const end = this.#bySeq.findLastIndex((message) => message.seq <= from) + 1;
    for (const message of this.#bySeq.splice(0, end)) this.#messages.delete(message.id);
    this.#setHasOlder(this.#newestHasOlder);
    this.#orderedMessages = undefined;
  }

  #setHasOlder(hasOlder: boolean): void {
    this.#oldestSeq = hasOlder ? (this.#bySeq[0]?.seq ?? 0) : 0;
  }

  #isInLoadedPart(seq: number): boolean {
    return seq >= this.#oldestSeq && !(this.#gap && seq > this.#gap.from && seq < this.#gap.to);
  }

  /** Current participants. The same array until one of them changes. */
  participantList(): readonly ParticipantOut[] {
    this.#participantList ??= [...this.#participants.values()];
    return this.#participantList;
  }

  #setMessage(message: MessageOut): void {
    const isKnown = this.#messages.has(message.id);
    this.#messages.set(message.id, message);
    // Most messages are new, so search from the end.
    const index = this.#bySeq.findLastIndex((other) => other.seq <= message.seq);
    this.#bySeq.splice(isKnown ? index : index + 1, isKnown ? 1 : 0, message);
    this.#orderedMessages = undefined;
  }

  #setParticipant(participant: ParticipantOut): void {
    this.#participants.set(participant.user.id, participant);
    this.#participantList = undefined;
  }

  /** A participant who has written is no stranger any more: the message has their name and picture. */
  #updateProfile(user: MessageOut["sender"]): void {
    const participant = user && this.#participants.get(user.id);
    if (participant && JSON.stringify(participant.user) !== JSON.stringify(user)) this.#setParticipant({ ...participant, user });
  }

  #removeParticipant(userId: string): void {
    if (this.#participants.delete(userId)) this.#participantList = undefined;
  }

  /** After an erasure, a participant may still be known here by the user id from before it. */
  #removeParticipantsExcept(userIds: readonly string[]): void {
    for (const id of [...this.#participants.keys()]) {
      if (!userIds.includes(id)) this.#removeParticipant(id);
    }
  }

  #updateReplyPreviews(message: MessageOut): void {
    const content = message.content === null ? null : [...message.content].slice(0, PREVIEW_CHARS).join("");
    for (const reply of [...this.#messages.values()]) {
      if (reply.reply_to !== message.id || !reply.reply_preview) continue;
      const preview = { ...reply.reply_preview, content, is_deleted: message.is_deleted, sender: message.sender };
      this.#setMessage({ ...reply, reply_preview: preview });
    }
  }
}
