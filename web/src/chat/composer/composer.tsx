// What one writes with: words, files, emojis, a place; an answer to a message, or a change of one.

import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { nameOf } from "../../shared/avatar.tsx";
import { IconButton } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { useComposing } from "./use-composer.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { EmojiPicker } from "./emoji-picker.tsx";
import { LocationDialog } from "./location-dialog.tsx";
import { titleOf, wordsOf } from "../conversation/conversation-text.ts";
import { openMenu } from "../account-menu.tsx";
import { useTell } from "../ui/toast.tsx";
import { UploadTray } from "./upload-tray.tsx";
import { type Uploads, filesOf } from "./uploads.ts";

const HIGHEST_PX = 180;

/** A finger's keyboard has no Shift and Enter: there Enter makes a line, and the button sends. */
const isTouched = () => matchMedia("(pointer: coarse)").matches;

export function Composer({ uploads }: { uploads: Uploads }) {
  const { conversation, state, me, writing, write } = useOpen();
  const tell = useTell();
  const [isPlacing, setIsPlacing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const emojis = useRef<HTMLDivElement>(null);
  const note = useId();
  const composing = useComposing(uploads, field);
  const { words, isEditing, canSend, change, send } = composing;
  const add = (chosen: readonly File[]) => {
    if (uploads.add(chosen) > 0) tell(text.tooManyFiles);
  };
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(HIGHEST_PX, element.scrollHeight)}px`;
  }, [words]);
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
          readOnly={composing.isSaving}
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
      <p class="composer-note" id={note} role="status" data-bad={composing.isBad}>
        {composing.note}
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
