// The actions on a message: as buttons beside it for pointers, as a menu for all, and by keys while the message has the focus.

import type { MessageOut } from "@wasgo/chat";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../shared/controls.tsx";
import { Icon, type IconName } from "../../shared/icons.tsx";
import { isAtLeast } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { messageLink } from "../router.ts";
import { Dialog } from "../ui/dialog.tsx";
import { EmojiPicker } from "../ui/emoji-picker.tsx";
import { onMenuKeyDown } from "../ui/menu-keys.ts";
import { openPopover } from "../ui/popover.ts";
import { useActionWithToast } from "../ui/toast.tsx";

type Popover = "menu" | "emojis";

export interface MessageActionsState {
  readonly canReply: boolean;
  readonly canEdit: boolean;
  readonly canRemove: boolean;
  readonly isConfirming: boolean;
  readonly opened: Popover | undefined;
  /** Where popovers open. */
  readonly anchor: RefObject<HTMLDivElement | null>;
  reply(): void;
  edit(): void;
  copy(content: string): void;
  setConfirming(isConfirming: boolean): void;
  remove(): void;
  react(emoji: string): void;
  open(popover: Popover | undefined): void;
  onKeyDown(event: KeyboardEvent): void;
}

export function useMessageActions(message: MessageOut): MessageActionsState {
  const { conversation, canWrite, role, me, setTarget } = useOpenConversation();
  const run = useActionWithToast();
  const [isConfirming, setConfirming] = useState(false);
  const [opened, open] = useState<Popover>();
  const anchor = useRef<HTMLDivElement>(null);
  const isOwn = message.sender?.id === me;
  const isActionable = canWrite && !message.is_deleted;
  const actions: MessageActionsState = {
    canReply: isActionable,
    canEdit: isActionable && isOwn,
    canRemove: isActionable && (isOwn || isAtLeast(role, "moderator")),
    isConfirming,
    opened,
    anchor,
    reply: () => setTarget({ kind: "reply", message }),
    edit: () => setTarget({ kind: "edit", message }),
    copy: (content) => run(copyText(content), text.actionFailed.copy),
    setConfirming,
    remove: () => run(conversation.delete(message.id), text.actionFailed.remove),
    react: (emoji) => run(conversation.react(message.id, emoji), text.actionFailed.react),
    open,
    onKeyDown: (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "r" && actions.canReply) actions.reply();
      else if (key === "e" && actions.canEdit) actions.edit();
      else if ((key === "delete" || key === "backspace") && actions.canRemove) setConfirming(true);
      else if (key === "+" && actions.canReply) open("emojis");
      else return;
      event.preventDefault();
    },
  };
  return actions;
}

/** Rejects where the browser has no clipboard: on pages without HTTPS. */
async function copyText(content: string): Promise<void> {
  await navigator.clipboard.writeText(content);
}

export function MessageActions({ message, actions }: { message: MessageOut; actions: MessageActionsState }) {
  const { canReply, isConfirming, opened, anchor, open } = actions;
  return (
    <div class="actions" role="group" aria-label={text.actions} ref={anchor} data-open={opened !== undefined}>
      {canReply && <IconButton icon="smile" label={text.react} class="hover-only" tabIndex={-1} onClick={() => open("emojis")} />}
      {canReply && <IconButton icon="reply" label={text.reply} class="hover-only" tabIndex={-1} onClick={actions.reply} />}
      <IconButton icon="more" label={text.moreActions} class="more" tabIndex={-1} aria-haspopup="menu" aria-expanded={opened === "menu"} onClick={() => open("menu")} />
      {opened === "emojis" && <Emojis actions={actions} />}
      {opened === "menu" && <ActionMenu message={message} actions={actions} />}
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

/** Opens a popover at the actions once it is rendered, and returns the focus to the message when it closes. */
function useOpenedPopover(actions: MessageActionsState, popover: RefObject<HTMLDivElement | null>): (event: ToggleEvent) => void {
  useLayoutEffect(() => {
    const { anchor } = actions;
    if (!anchor.current) return undefined;
    openPopover(popover.current, anchor.current);
    const element = anchor.current.closest<HTMLElement>("[data-message]");
    return () => {
      const { activeElement } = document;
      if (activeElement === null || activeElement === document.body) element?.focus({ preventScroll: true });
    };
  }, []);
  return (event) => event.newState === "closed" && actions.open(undefined);
}

function Emojis({ actions }: { actions: MessageActionsState }) {
  const popover = useRef<HTMLDivElement>(null);
  const onToggle = useOpenedPopover(actions, popover);
  return <EmojiPicker menu={popover} choose={actions.react} onToggle={onToggle} />;
}

function ActionMenu({ message, actions }: { message: MessageOut; actions: MessageActionsState }) {
  const { conversation } = useOpenConversation();
  const { canReply, canEdit, canRemove } = actions;
  const popover = useRef<HTMLDivElement>(null);
  const onToggle = useOpenedPopover(actions, popover);
  const item = (icon: IconName, label: string, act: () => void) => (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      class="menu-item"
      onClick={() => {
        popover.current?.hidePopover();
        act();
      }}
    >
      <Icon name={icon} />
      {label}
    </button>
  );
  return (
    <div class="menu" popover="auto" ref={popover} role="menu" tabIndex={-1} aria-label={text.actions} onToggle={onToggle} onKeyDown={(event) => onMenuKeyDown(event, popover.current)}>
      {canReply && item("smile", text.react, () => setTimeout(() => actions.open("emojis")))}
      {canReply && item("reply", text.reply, actions.reply)}
      {message.content && item("copy", text.copyText, () => actions.copy(message.content ?? ""))}
      {item("link", text.copyLink, () => actions.copy(messageLink(conversation.id, message.id)))}
      {canEdit && item("edit", text.edit, actions.edit)}
      {canRemove && item("trash", text.remove, () => actions.setConfirming(true))}
    </div>
  );
}
