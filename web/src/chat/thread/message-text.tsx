// The text of a message, with links and mentions highlighted. It is never parsed as markup.

import { displayName } from "../../shared/avatar.tsx";
import { useStore } from "../../shared/store.ts";
import { useOpenConversation } from "../conversation/conversation-context.ts";
import { linkTokenizer, splitLinks } from "./links.ts";

interface Mention {
  readonly name: string;
  readonly isMe: boolean;
}

export function MessageText({ content, mentions }: { content: string; mentions: readonly string[] }) {
  const { state, me } = useOpenConversation();
  const tokenize = useStore(linkTokenizer);
  const named = state.participants
    .filter(({ user }) => mentions.includes(user.id))
    .flatMap(({ user }) => [displayName(user), user.username].map((name) => ({ name, isMe: user.id === me })));
  return (
    <span class="message-text" dir="auto">
      {splitLinks(content, tokenize).map(({ text, href }, at) =>
        href === undefined ? (
          <TextWithMentions key={at} part={text} mentions={named} />
        ) : (
          <a key={at} href={href} target="_blank" rel="noreferrer noopener">
            {text}
          </a>
        ),
      )}
    </span>
  );
}

function TextWithMentions({ part, mentions }: { part: string; mentions: readonly Mention[] }) {
  if (mentions.length === 0) return <>{part}</>;
  // Longest first, so that "@Ana Lima" is not matched as "@Ana".
  const names = mentions.map((one) => one.name).toSorted((one, other) => other.length - one.length);
  const pattern = new RegExp(`@(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?![\\p{L}\\p{N}])`, "giu");
  return (
    <>
      {part.split(pattern).map((piece, at) =>
        at % 2 === 1 ? (
          <mark key={at} data-me={mentions.some((one) => one.isMe && one.name.toLowerCase() === piece.toLowerCase())}>
            @{piece}
          </mark>
        ) : (
          piece
        ),
      )}
    </>
  );
}
