// The composer: text, attachments, emojis and locations, for a new message, a reply or an edit.

import { useId, useRef, useState } from "preact/hooks";
import { displayName } from "../../shared/avatar.tsx";
import { IconButton } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { type ComposerTarget, useOpenConversation } from "../conversation/conversation-context.ts";
import { conversationTitle, messageText } from "../conversation/conversation-text.ts";
import { EmojiPicker } from "../ui/emoji-picker.tsx";
import { openPopover } from "../ui/popover.ts";
import { useToast } from "../ui/toast.tsx";
import { LocationDialog } from "./location-dialog.tsx";
import { MentionMenu, useMentionMenu } from "./mention-menu.tsx";
import { UploadTray } from "./upload-tray.tsx";
import { useFeature, useSession } from "../session.ts";
import { type Uploads, transferredFiles } from "./uploads.ts";
import { useComposer } from "./use-composer.ts";

/** Touch keyboards have no Shift+Enter: there Enter inserts a line break and the button sends. */
const hasTouchKeyboard = () => matchMedia("(pointer: coarse)").matches;

export function Composer({ uploads }: { uploads: Uploads }) {
  const { conversation, state, me, target, setTarget } = useOpenConversation();
  const showToast = useToast();
  const [isLocationOpen, setIsLocationOpen] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const fileInput = useRef<HTMLInputElement>(null);
  const emojis = useRef<HTMLDivElement>(null);
  const noteId = useId();
  const composer = useComposer(uploads, field);
  const { content, isEditing, canSend, setContent, send } = composer;
  const hasAttachments = useFeature(useSession().chat, "attachments");
  const add = (files: readonly File[]) => {
    if (uploads.add(files) > 0) showToast(text.tooManyFiles(uploads.maxFiles));
  };
  const mentions = useMentionMenu(field, !isEditing, ({ start, query }, user) => {
    const name = `@${displayName(user)} `;
    composer.mention(user);
    replace(start, start + 1 + query.length, name);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (mentions.onKeyDown(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !hasTouchKeyboard()) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && content === "" && !target) {
      const own = state.messages.findLast((message) => message.sender?.id === me && !message.is_deleted);
      if (!own) return;
      event.preventDefault();
      setTarget({ kind: "edit", message: own });
    }
  };
  /** Replaces a part of the text, and puts the caret behind it. */
  const replace = (start: number, end: number, inserted: string) => {
    const element = field.current;
    if (!element) return;
    element.focus();
    element.setRangeText(inserted, start, end, "end");
    setContent(element.value);
  };
  const insert = (emoji: string) => replace(field.current?.selectionStart ?? content.length, field.current?.selectionEnd ?? content.length, emoji);
  const locationOptions = { message_type: "location" as const };
  const label = state.conversation ? text.writeTo(conversationTitle(state.conversation, state.participants, me)) : text.write;
  return (
    <div class="composer">
      {target && (
        <div class="composer-target">
          <Icon name={isEditing ? "edit" : "reply"} />
          <p>
            <span class="name" dir="auto">{targetTitle(target, me)}</span>
            <span class="summary" dir="auto">{messageText(target.message)}</span>
          </p>
          <IconButton icon="close" label={text.cancel} onClick={() => setTarget(undefined)} />
        </div>
      )}
      {!isEditing && <UploadTray uploads={uploads} />}
      <div class="field-row">
        {hasAttachments && <IconButton icon="attach" label={text.attach} disabled={isEditing} onClick={() => fileInput.current?.click()} />}
        <IconButton icon="pin" label={text.shareLocation} disabled={isEditing} onClick={() => setIsLocationOpen(true)} />
        <input
          ref={fileInput}
          type="file"
          multiple
          hidden
          aria-label={text.attach}
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <div class="auto-size" data-value={content}>
          <textarea
            ref={field}
            rows={1}
            dir="auto"
            value={content}
            placeholder={text.write}
            aria-label={label}
            aria-describedby={noteId}
            aria-autocomplete="list"
            aria-controls={mentions.activeId && mentions.listId}
            aria-activedescendant={mentions.activeId}
            readOnly={composer.isSaving}
            enterkeyhint={hasTouchKeyboard() ? "enter" : "send"}
            onInput={(event) => {
              setContent(event.currentTarget.value);
              mentions.update();
              if (!isEditing) conversation.notifyTyping();
            }}
            onSelect={mentions.update}
            onBlur={mentions.close}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const pasted = transferredFiles(event.clipboardData);
              if (pasted.length === 0) return;
              event.preventDefault();
              if (!isEditing) add(pasted);
            }}
          />
        </div>
        <IconButton icon="smile" label={text.emoji} onClick={(event) => openPopover(emojis.current, event.currentTarget)} />
        <button type="button" class="send" aria-label={isEditing ? text.save : text.send} title={isEditing ? text.save : text.send} disabled={!canSend} aria-describedby={noteId} onClick={send}>
          <Icon name={isEditing ? "check" : "send"} />
        </button>
      </div>
      <p class="composer-note" id={noteId} role="status" data-bad={composer.isError}>
        {composer.note}
      </p>
      <MentionMenu menu={mentions} />
      <EmojiPicker menu={emojis} choose={insert} />
      {isLocationOpen && (
        <LocationDialog
          close={() => setIsLocationOpen(false)}
          share={(location) => conversation.send("", { ...locationOptions, metadata: { location } }).catch(() => {})}
        />
      )}
    </div>
  );
}

function targetTitle(target: NonNullable<ComposerTarget>, me: string): string {
  if (target.kind === "edit") return text.editing;
  const { sender } = target.message;
  return sender?.id === me ? text.replyingToSelf : text.replyingTo(sender ? displayName(sender) : "");
}
