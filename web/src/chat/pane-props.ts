import type { DemoUser } from "../shared/demo.ts";

export interface PaneProps {
  readonly user: DemoUser;
  /** The users that the pane can switch to. */
  readonly others: readonly DemoUser[];
  readonly conversationId: string | undefined;
  /** The message to show in it. */
  readonly messageId: string | undefined;
  open(conversation: string | undefined, message?: string): void;
  switchUser(user: string): void;
  /** Returns to the sign-in. */
  signOut(): void;
  close?(): void;
  add?(): void;
}
