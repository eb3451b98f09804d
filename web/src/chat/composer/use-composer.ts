// The words that are being written: kept as a draft, counted, sent, or saved as an edit.

import type { MessageOut } from "@wasgo/chat";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../../shared/avatar.tsx";
import { text } from "../../shared/text.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { draftKey, drafts } from "./drafts.ts";
import { useLimits, useSession } from "../session.ts";
import { useStore } from "../../shared/store.ts";
import { whyOf } from "../ui/toast.tsx";
import { type Uploads, typeOf } from "./uploads.ts";

/** What the service takes unless it is set up otherwise: until it has said how much it takes. */
const USUAL_CHARS = 10_000;
const FEW_CHARS = 500;
/** Where little is taken, few are fewer: one should not be told from the first word on. */
const FEW_PART = 1 / 20;

export interface Composing {
  readonly words: string;
  readonly isEditing: boolean;
  readonly isSaving: boolean;
  readonly canSend: boolean;
  /** Why it cannot be sent, was not taken, or soon could not be. */
  readonly note: string;
  readonly isBad: boolean;
  change(words: string): void;
  send(): void;
}

export function useComposing(uploads: Uploads, field: RefObject<HTMLTextAreaElement | null>): Composing {
  const { conversation, state, me, writing, write } = useOpen();
  const most = useLimits(useSession().chat)?.content_chars ?? USUAL_CHARS;
  const few = Math.min(FEW_CHARS, Math.ceil(most * FEW_PART));
  const waiting = useStore(uploads);
  const draft = draftKey(me, conversation.id);
  const [words, setWords] = useState(drafts.state.get(draft) ?? "");
  const [isSaving, setIsSaving] = useState(false);
  const [refused, setRefused] = useState("");
  const newest = useRef(writing);
  newest.current = writing;
  const isEditing = writing?.kind === "edit";
  const hasWords = words.trim() !== "";
  // Counting characters is dear, and only of use near the limit.
  const left = words.length > most - few ? most - [...words.trim()].length : few;
  const isFilesReady = waiting.every((one) => one.stored);
  const canSend = left >= 0 && (isEditing ? hasWords && !isSaving : isFilesReady && (hasWords || waiting.length > 0));
  const blocked = () => {
    if (left < 0) return text.charactersOver(-left);
    if (!isEditing && waiting.some((one) => one.error)) return text.failedUploads;
    if (!isEditing && !isFilesReady && hasWords) return text.pendingUploads;
    return left < few ? text.charactersLeft(left) : "";
  };

  const change = (changed: string) => {
    setWords(changed);
    setRefused("");
    if (!isEditing) drafts.set(draft, changed);
  };
  // Before the next key: what is typed belongs here.
  useLayoutEffect(() => {
    setWords(isEditing ? (writing?.message.content ?? "") : (drafts.state.get(draft) ?? ""));
    setRefused("");
    if (writing) field.current?.focus();
  }, [writing, isEditing, draft]);

  const saveEdit = async (message: MessageOut) => {
    if (words.trim() !== message.content) {
      setIsSaving(true);
      setRefused("");
      const failure = await conversation.edit(message.id, words.trim()).then(() => "", whyOf);
      setIsSaving(false);
      // Meanwhile they may have left it, and be writing something else.
      if (newest.current !== writing) return;
      if (failure) {
        setRefused(text.editFailed(failure));
        return;
      }
    }
    write(undefined);
    field.current?.focus();
  };
  const send = () => {
    if (!canSend) return;
    if (writing?.kind === "edit") {
      void saveEdit(writing.message);
      return;
    }
    const stored = uploads.take();
    const more = {
      ...(writing ? { reply_to: writing.message.id } : {}),
      ...(stored.length > 0 ? { message_type: typeOf(stored), attachment_ids: stored.map((one) => one.id) } : {}),
      ...mentioned(),
    };
    conversation.send(words.trim(), more).catch(() => {}); // refused, it stands in the thread with what can be done
    drafts.set(draft, "");
    setWords("");
    write(undefined);
    field.current?.focus();
  };
  const mentioned = () => {
    const found = state.participants.filter(({ user }) => user.id !== me && words.includes(`@${nameOf(user)}`));
    return found.length > 0 ? { mentions: found.map(({ user }) => user.id) } : {};
  };
  return { words, isEditing, isSaving, canSend, note: refused || blocked(), isBad: refused !== "" || left < 0, change, send };
}
