// What one can do with a message: beside it for pointers, by keys where the message has the focus.

import type { MessageOut } from "@wasgo/chat";
import { useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../shared/controls.tsx";
import { isAtLeast } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";
import { useOpen } from "../conversation/conversation-context.ts";
import { Dialog } from "../ui/dialog.tsx";
import { EmojiPicker } from "../composer/emoji-picker.tsx";
import { openMenu } from "../account-menu.tsx";
import { useAttempt } from "../ui/toast.tsx";

export interface Actions {
  readonly canReply: boolean;
  readonly canEdit: boolean;
  readonly canRemove: boolean;
  readonly isAsking: boolean;
  readonly picker: { current: HTMLDivElement | null };
  readonly reactButton: { current: HTMLButtonElement | null };
  reply(): void;
  edit(): void;
  ask(isAsking: boolean): void;
  remove(): void;
  react(emoji: string): void;
  pick(): void;
  key(event: KeyboardEvent): void;
}

export function useActions(message: MessageOut): Actions {
  const { conversation, canWrite, role, me, write } = useOpen();
  const attempt = useAttempt();
  const [isAsking, ask] = useState(false);
  const picker = useRef<HTMLDivElement>(null);
  const reactButton = useRef<HTMLButtonElement>(null);
  const isOwn = message.sender?.id === me;
  const isThere = canWrite && !message.is_deleted;
  const actions: Actions = {
    canReply: isThere,
    canEdit: isThere && isOwn && message.message_type !== "location",
    canRemove: isThere && (isOwn || isAtLeast(role, "moderator")),
    isAsking,
    picker,
    reactButton,
    reply: () => write({ kind: "reply", message }),
    edit: () => write({ kind: "edit", message }),
    ask,
    remove: () => attempt(conversation.delete(message.id), text.actionFailed.remove),
    react: (emoji) => attempt(conversation.react(message.id, emoji), text.actionFailed.react),
    pick: () => reactButton.current && openMenu(picker.current, reactButton.current),
    key: (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "r" && actions.canReply) actions.reply();
      else if (key === "e" && actions.canEdit) actions.edit();
      else if ((key === "delete" || key === "backspace") && actions.canRemove) ask(true);
      else if (key === "+" && actions.canReply) actions.pick();
      else return;
      event.preventDefault();
    },
  };
  return actions;
}

export function MessageActions({ message, actions }: { message: MessageOut; actions: Actions }) {
  const { canReply, canEdit, canRemove, isAsking, picker, reactButton } = actions;
  if (!canReply) return null;
  return (
    <div class="actions" role="group" aria-label={text.actions}>
      <IconButton icon="smile" label={text.react} buttonRef={reactButton} tabIndex={-1} onClick={actions.pick} />
      <IconButton icon="reply" label={text.reply} tabIndex={-1} onClick={actions.reply} />
      {canEdit && <IconButton icon="edit" label={text.edit} tabIndex={-1} onClick={actions.edit} />}
      {canRemove && <IconButton icon="trash" label={text.remove} tabIndex={-1} onClick={() => actions.ask(true)} />}
      <EmojiPicker menu={picker} choose={actions.react} />
      {isAsking && (
        <Dialog title={text.confirmRemove} close={() => actions.ask(false)}>
          <blockquote dir="auto">{message.content}</blockquote>
          <footer>
            <Button onClick={() => actions.ask(false)}>{text.cancel}</Button>
            <Button
              kind="danger"
              icon="trash"
              onClick={() => {
                actions.ask(false);
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
