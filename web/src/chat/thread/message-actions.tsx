// The actions on a message: as buttons for pointers, and by keys while the message has the focus.

import type { MessageOut } from "@wasgo/chat";
import { useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../shared/controls.tsx";
import { isAtLeast } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { Dialog } from "../ui/dialog.tsx";
import { EmojiPicker } from "../ui/emoji-picker.tsx";
import { openPopover } from "../ui/popover.ts";
import { useActionWithToast } from "../ui/toast.tsx";

export interface MessageActionsState {
  readonly canReply: boolean;
  readonly canEdit: boolean;
  readonly canRemove: boolean;
  readonly isConfirming: boolean;
  readonly picker: { current: HTMLDivElement | null };
  readonly reactButton: { current: HTMLButtonElement | null };
  reply(): void;
  edit(): void;
  setConfirming(isConfirming: boolean): void;
  remove(): void;
  react(emoji: string): void;
  openPicker(): void;
  onKeyDown(event: KeyboardEvent): void;
}

export function useMessageActions(message: MessageOut): MessageActionsState {
  const { conversation, canWrite, role, me, setTarget } = useOpenConversation();
  const run = useActionWithToast();
  const [isConfirming, setConfirming] = useState(false);
  const picker = useRef<HTMLDivElement>(null);
  const reactButton = useRef<HTMLButtonElement>(null);
  const isOwn = message.sender?.id === me;
  const isActionable = canWrite && !message.is_deleted;
  const actions: MessageActionsState = {
    canReply: isActionable,
    canEdit: isActionable && isOwn && message.message_type !== "location",
    canRemove: isActionable && (isOwn || isAtLeast(role, "moderator")),
    isConfirming,
    picker,
    reactButton,
    reply: () => setTarget({ kind: "reply", message }),
    edit: () => setTarget({ kind: "edit", message }),
    setConfirming,
    remove: () => run(conversation.delete(message.id), text.actionFailed.remove),
    react: (emoji) => run(conversation.react(message.id, emoji), text.actionFailed.react),
    openPicker: () => reactButton.current && openPopover(picker.current, reactButton.current),
    onKeyDown: (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "r" && actions.canReply) actions.reply();
      else if (key === "e" && actions.canEdit) actions.edit();
      else if ((key === "delete" || key === "backspace") && actions.canRemove) setConfirming(true);
      else if (key === "+" && actions.canReply) actions.openPicker();
      else return;
      event.preventDefault();
    },
  };
  return actions;
}

export function MessageActions({ message, actions }: { message: MessageOut; actions: MessageActionsState }) {
  const { canReply, canEdit, canRemove, isConfirming, picker, reactButton } = actions;
  if (!canReply) return null;
  return (
    <div class="actions" role="group" aria-label={text.actions}>
      <IconButton icon="smile" label={text.react} buttonRef={reactButton} tabIndex={-1} onClick={actions.openPicker} />
      <IconButton icon="reply" label={text.reply} tabIndex={-1} onClick={actions.reply} />
      {canEdit && <IconButton icon="edit" label={text.edit} tabIndex={-1} onClick={actions.edit} />}
      {canRemove && <IconButton icon="trash" label={text.remove} tabIndex={-1} onClick={() => actions.setConfirming(true)} />}
      <EmojiPicker menu={picker} choose={actions.react} />
      {isConfirming && (
        <Dialog title={text.confirmRemove} close={() => actions.setConfirming(false)}>
          <blockquote dir="auto">{message.content}</blockquote>
          <footer>
            <Button onClick={() => actions.setConfirming(false)}>{text.cancel}</Button>
            <Button
              kind="danger"
              icon="trash"
              onClick={() => {
                actions.setConfirming(false);
                actions.remove();
              }}
            >
              {text.remove}
            </Button>
          </footer>
        </Dialog>
      )}
    </div>
  );
}
