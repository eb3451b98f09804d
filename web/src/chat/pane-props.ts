import type { DemoUser } from "../shared/demo.ts";

export interface PaneProps {
  readonly user: DemoUser;
  /** The users that the pane can switch to. */
  readonly others: readonly DemoUser[];
  readonly conversationId: string | undefined;
  open(conversation: string | undefined): void;
  switchUser(user: string): void;
  /** Returns to the sign-in, after the session was signed out. */
  signOut(): void;
  close?(): void;
  add?(): void;
}
