// What one writes with: words, files, emojis, a place; an answer to a message, or a change of one.

import type { MessageOut } from "@wasgo/chat";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { useOpen } from "./conversation-context.ts";
import { draftKey, drafts } from "./drafts.ts";
import { EmojiPicker } from "./emoji.tsx";
import { LocationDialog } from "./location-dialog.tsx";
import { titleOf, wordsOf } from "./naming.ts";
import { openMenu } from "./person-menu.tsx";
import { useStore } from "./store.ts";
import { useTell, whyOf } from "./toast.tsx";
import { UploadTray } from "./upload-tray.tsx";
import { type Uploads, filesOf, typeOf } from "./uploads.ts";

const HIGHEST_PX = 180;
/** What the service takes unless it is set up otherwise; then its refusal says so. */
const MOST_CHARS = 10_000;
const FEW_CHARS = 500;

/** A finger's keyboard has no Shift and Enter: there Enter makes a line, and the button sends. */
const isTouched = () => matchMedia("(pointer: coarse)").matches;

export function Composer({ uploads }: { uploads: Uploads }) {
  const { conversation, state, me, writing, write } = useOpen();
  const tell = useTell();
  const waiting = useStore(uploads);
  const draft = draftKey(me, conversation.id);
  const [words, setWords] = useState(drafts.state.get(draft) ?? "");
  const [isPlacing, setIsPlacing] = useState(false);
  const [isSaving, setIsSaving] = useState(false);
  const [refused, setRefused] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const emojis = useRef<HTMLDivElement>(null);
  const newest = useRef(writing);
  newest.current = writing;
  const note = useId();
  const isEditing = writing?.kind === "edit";
  const hasWords = words.trim() !== "";
  // Counting characters is dear, and only of use near the limit.
  const left = words.length > MOST_CHARS - FEW_CHARS ? MOST_CHARS - [...words.trim()].length : FEW_CHARS;
  const isFilesReady = waiting.every((one) => one.stored);
  const canSend = left >= 0 && (isEditing ? hasWords && !isSaving : isFilesReady && (hasWords || waiting.length > 0));
  const blocked = () => {
    if (left < 0) return text.charsOver(-left);
    if (!isEditing && waiting.some((one) => one.error)) return text.uploadBlocks;
    if (!isEditing && !isFilesReady && hasWords) return text.uploadWaits;
    return left < FEW_CHARS ? text.charsLeft(left) : "";
  };

  const change = (changed: string) => {
    setWords(changed);
    setRefused("");
    if (!isEditing) drafts.set(draft, changed);
  };
  const add = (chosen: readonly File[]) => {
    if (uploads.add(chosen) > 0) tell(text.uploadTooMany);
  };
  // Before the next key: what is typed belongs here.
  useLayoutEffect(() => {
    setWords(isEditing ? (writing?.message.content ?? "") : (drafts.state.get(draft) ?? ""));
    setRefused("");
    if (writing) field.current?.focus();
  }, [writing, isEditing, draft]);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(HIGHEST_PX, element.scrollHeight)}px`;
  }, [words]);

  const saveEdit = async (message: MessageOut) => {
    if (words.trim() !== message.content) {
      setIsSaving(true);
      setRefused("");
      const failure = await conversation.edit(message.id, words.trim()).then(() => "", whyOf);
      setIsSaving(false);
      // Meanwhile they may have left it, and be writing something else.
      if (newest.current !== writing) return;
      if (failure) {
        setRefused(text.notEdited(failure));
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
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !isTouched()) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && words === "" && !writing) {
      const own = state.messages.findLast((one) => one.sender?.id === me && !one.is_deleted && one.message_type !== "location");
      if (!own) return;
      event.preventDefault();
      write({ kind: "edit", message: own });
    }
  };
  const insert = (emoji: string) => {
    const element = field.current;
    const at = element?.selectionStart ?? words.length;
    change(words.slice(0, at) + emoji + words.slice(element?.selectionEnd ?? at));
    element?.focus();
  };
  const place = { message_type: "location" as const };
  const label = state.conversation ? text.writeTo(titleOf(state.conversation, state.participants, me)) : text.write;
  const why = refused || blocked();
  return (
    <div class="composer">
      {writing && (
        <div class="writing">
          <Icon name={isEditing ? "edit" : "reply"} />
          <p>
            <span class="name" dir="auto">{isEditing ? text.editing : text.replyingTo(nameOf(writing.message.sender ?? { username: "", display_name: "" }))}</span>
            <span class="summary" dir="auto">{wordsOf(writing.message)}</span>
          </p>
          <IconButton icon="close" label={text.cancel} onClick={() => write(undefined)} />
        </div>
      )}
      {!isEditing && <UploadTray uploads={uploads} />}
      <div class="field-row">
        <IconButton icon="attach" label={text.attach} disabled={isEditing} onClick={() => files.current?.click()} />
        <IconButton icon="pin" label={text.shareLocation} disabled={isEditing} class="wide-only" onClick={() => setIsPlacing(true)} />
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label={text.attach}
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={words}
          placeholder={text.write}
          aria-label={label}
          aria-describedby={note}
          enterkeyhint={isTouched() ? "enter" : "send"}
          onInput={(event) => {
            change(event.currentTarget.value);
            if (!isEditing) conversation.type();
          }}
          onKeyDown={keys}
          onPaste={(event) => {
            const pasted = filesOf(event.clipboardData);
            if (pasted.length === 0) return;
            event.preventDefault();
            if (!isEditing) add(pasted);
          }}
        />
        <IconButton icon="smile" label={text.emoji} onClick={(event) => openMenu(emojis.current, event.currentTarget)} />
        <button type="button" class="send" aria-label={isEditing ? text.save : text.send} title={isEditing ? text.save : text.send} disabled={!canSend} aria-describedby={note} onClick={send}>
          <Icon name={isEditing ? "check" : "send"} />
        </button>
      </div>
      <p class="composer-note" id={note} role="status" data-bad={refused !== "" || left < 0}>
        {why}
      </p>
      <EmojiPicker menu={emojis} choose={insert} />
      {isPlacing && (
        <LocationDialog
          close={() => setIsPlacing(false)}
          share={(location) => conversation.send("", { ...place, metadata: { location } }).catch(() => {})}
        />
      )}
    </div>
  );
}
