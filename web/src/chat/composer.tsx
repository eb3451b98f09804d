// What one writes with: words, files, emojis, a place; an answer to a message, or a change of one.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../shared/avatar.tsx";
import { IconButton } from "../shared/controls.tsx";
import { Icon } from "../shared/icons.tsx";
import { text } from "../shared/text.ts";
import { useOpen } from "./conversation-context.ts";
import { EmojiPicker } from "./emoji.tsx";
import { LocationDialog } from "./location-dialog.tsx";
import { titleOf, wordsOf } from "./naming.ts";
import { openMenu } from "./person-menu.tsx";
import { UploadTray } from "./upload-tray.tsx";
import { type Uploads, filesOf, typeOf } from "./uploads.ts";

const HIGHEST_PX = 180;
/** What was begun in each conversation and not sent, as long as the page lives. */
const drafts = new Map<string, string>();

export function Composer({ uploads }: { uploads: Uploads }) {
  const { conversation, state, me, writing, write } = useOpen();
  const draftKey = `${me} ${conversation.id}`;
  const [words, setWords] = useState(drafts.get(draftKey) ?? "");
  const [isPlacing, setIsPlacing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const emojis = useRef<HTMLDivElement>(null);
  const isEditing = writing?.kind === "edit";
  const hasWords = words.trim() !== "";
  const canSend = uploads.isReady && (hasWords || (uploads.list.length > 0 && !isEditing));

  const change = (changed: string) => {
    setWords(changed);
    if (!isEditing) drafts.set(draftKey, changed);
  };
  // Before the next key: what is typed belongs here.
  useLayoutEffect(() => {
    setWords(isEditing ? (writing?.message.content ?? "") : (drafts.get(draftKey) ?? ""));
    if (writing) field.current?.focus();
  }, [writing, isEditing, draftKey]);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(HIGHEST_PX, element.scrollHeight)}px`;
  }, [words]);

  const send = () => {
    if (!canSend) return;
    if (writing?.kind === "edit") {
      void conversation.edit(writing.message.id, words.trim()).catch(() => {});
    } else {
      const stored = uploads.take();
      const more = {
        ...(writing ? { reply_to: writing.message.id } : {}),
        ...(stored.length > 0 ? { message_type: typeOf(stored), attachment_ids: stored.map((one) => one.id) } : {}),
        ...mentioned(),
      };
      conversation.send(words.trim(), more).catch(() => {}); // refused, it stands in the thread with what can be done
      drafts.delete(draftKey);
      setWords("");
    }
    write(undefined);
    field.current?.focus();
  };
  const mentioned = () => {
    const found = state.participants.filter(({ user }) => user.id !== me && words.includes(`@${nameOf(user)}`));
    return found.length > 0 ? { mentions: found.map(({ user }) => user.id) } : {};
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
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
  const placeholder = state.conversation ? text.writeTo(titleOf(state.conversation, state.participants, me)) : text.write;
  return (
    <div class="composer">
      {writing && (
        <div class="writing">
          <Icon name={isEditing ? "edit" : "reply"} />
          <p>
            <span class="name">{isEditing ? text.editing : text.replyingTo(nameOf(writing.message.sender ?? { username: "", display_name: "" }))}</span>
            <span class="summary">{wordsOf(writing.message)}</span>
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
            uploads.add([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={words}
          placeholder={placeholder}
          aria-label={placeholder}
          onInput={(event) => {
            change(event.currentTarget.value);
            if (!isEditing) conversation.type();
          }}
          onKeyDown={keys}
          onPaste={(event) => {
            const pasted = filesOf(event.clipboardData);
            if (pasted.length === 0) return;
            event.preventDefault();
            uploads.add(pasted);
          }}
        />
        <IconButton icon="smile" label={text.emoji} onClick={(event) => openMenu(emojis.current, event.currentTarget)} />
        <button type="button" class="send" aria-label={isEditing ? text.save : text.send} title={isEditing ? text.save : text.send} disabled={!canSend} onClick={send}>
          <Icon name={isEditing ? "check" : "send"} />
        </button>
      </div>
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
