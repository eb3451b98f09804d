// The text being written: kept as a draft, checked for length, then sent or saved as an edit.

import type { MessageOut } from "@wasgo/chat";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { UserLike } from "../../shared/avatar.tsx";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { useLimits, useSession } from "../session.ts";
import { errorText, useToast } from "../ui/toast.tsx";
import { draftKey, drafts } from "./drafts.ts";
import { mentionedIds } from "./mentions.ts";
import { type Uploads, messageTypeFor } from "./uploads.ts";

/** The default limit of the service; used until it reports its own. */
const DEFAULT_MAX_CHARS = 10_000;
const WARNING_CHARS = 500;
/** With a low limit the warning starts later, as a fraction of it, so that it does not show from the first word. */
const WARNING_FRACTION = 1 / 20;

export interface ComposerState {
  readonly content: string;
  readonly isEditing: boolean;
  readonly isSaving: boolean;
  readonly canSend: boolean;
  /** Why the message cannot be sent, why saving an edit failed, or how many characters are left. */
  readonly note: string;
  readonly isError: boolean;
  setContent(content: string): void;
  /** The user has chosen whom a name in the text means. */
  mention(user: UserLike): void;
  send(): void;
}

export function useComposer(uploads: Uploads, field: RefObject<HTMLTextAreaElement | null>): ComposerState {
  const { conversation, state, me, target, setTarget } = useOpenConversation();
  const maxChars = useLimits(useSession().chat)?.content_chars ?? DEFAULT_MAX_CHARS;
  const warningChars = Math.min(WARNING_CHARS, Math.ceil(maxChars * WARNING_FRACTION));
  const files = useStore(uploads);
  const key = draftKey(me, conversation.id);
  const [content, setText] = useState(drafts.state.get(key) ?? "");
  const [isSaving, setIsSaving] = useState(false);
  const [error, setError] = useState("");
  const mentioned = useRef<readonly UserLike[]>([]);
  const showToast = useToast();
  const latestTarget = useRef(target);
  latestTarget.current = target;
  const isEditing = target?.kind === "edit";
  const hasContent = content.trim() !== "";
  // A location or a file needs no text.
  const needsContent = !isEditing || (target.message.attachments.length === 0 && target.message.message_type === "text");
  // Counting code points is expensive and only needed near the limit.
  const remaining = content.length > maxChars - warningChars ? maxChars - [...content.trim()].length : warningChars;
  const areFilesReady = files.every((upload) => upload.attachment);
  const canSend = remaining >= 0 && (isEditing ? (hasContent || !needsContent) && !isSaving : areFilesReady && (hasContent || files.length > 0));
  const validationNote = () => {
    if (remaining < 0) return text.charactersOver(-remaining);
    if (!isEditing && files.some((upload) => upload.error)) return text.failedUploads;
    if (!isEditing && !areFilesReady && hasContent) return text.pendingUploads;
    return remaining < warningChars ? text.charactersLeft(remaining) : "";
  };

  const setContent = (value: string) => {
    setText(value);
    setError("");
    if (!isEditing) drafts.save(key, value);
  };
  // A layout effect, so that the text is replaced before the next key press.
  useLayoutEffect(() => {
    setText(isEditing ? (target?.message.content ?? "") : (drafts.state.get(key) ?? ""));
    setError("");
    if (target) field.current?.focus();
  }, [target, isEditing, key]);

  const saveEdit = async (message: MessageOut) => {
    if (content.trim() !== (message.content ?? "")) {
      setIsSaving(true);
      setError("");
      const failure = await conversation.edit(message.id, content.trim()).then(() => "", errorText);
      setIsSaving(false);
      // The user cancelled the edit meanwhile and may be writing something else.
      if (latestTarget.current !== target) return;
      if (failure) {
        setError(text.editFailed(failure));
        return;
      }
    }
    setTarget(undefined);
    field.current?.focus();
  };
  const send = () => {
    if (!canSend) return;
    if (target?.kind === "edit") {
      void saveEdit(target.message);
      return;
    }
    const attachments = uploads.take();
    const options = {
      ...(target ? { reply_to: target.message.id } : {}),
      ...(attachments.length > 0 ? { message_type: messageTypeFor(attachments), attachment_ids: attachments.map((attachment) => attachment.id) } : {}),
      ...mentionOptions(),
    };
    conversation.send(content.trim(), options).catch(() => {}); // a failed message stays in the thread and can be retried there
    mentioned.current = [];
    showToast("");
    drafts.save(key, "");
    setText("");
    setTarget(undefined);
    field.current?.focus();
  };
  const mentionOptions = () => {
    const ids = mentionedIds(content, mentioned.current, state.participants, me);
    return ids.length > 0 ? { mentions: [...ids] } : {};
  };
  const mention = (user: UserLike) => {
    mentioned.current = [...mentioned.current, user];
  };
  return { content, isEditing, isSaving, canSend, note: error || validationNote(), isError: error !== "" || remaining < 0, setContent, mention, send };
}
