// The text of a message, with links and mentions highlighted. It is never parsed as markup.

import { memberName, useOpenConversation } from "../conversation/conversation-context.ts";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;

interface Mention {
  readonly name: string;
  readonly isMe: boolean;
}

export function MessageText({ content, mentions }: { content: string; mentions: readonly string[] }) {
  const { state, me } = useOpenConversation();
  const named = mentions.map((id) => ({ name: memberName(state.participants, id, ""), isMe: id === me }));
  return (
    <span class="message-text" dir="auto">
      {content.split(LINK).map((part, at) =>
        at % 2 === 1 ? (
          <a key={at} href={part} target="_blank" rel="noreferrer noopener">
            {part}
          </a>
        ) : (
          <TextWithMentions key={at} part={part} mentions={named} />
        ),
      )}
    </span>
  );
}

function TextWithMentions({ part, mentions }: { part: string; mentions: readonly Mention[] }) {
  if (mentions.length === 0) return <>{part}</>;
  // Longest first, so that "@Ana Lima" is not matched as "@Ana".
  const names = mentions.map((one) => one.name).toSorted((one, other) => other.length - one.length);
  const pattern = new RegExp(`@(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "g");
  return (
    <>
      {part.split(pattern).map((piece, at) =>
        at % 2 === 1 ? (
          <mark key={at} data-me={mentions.some((one) => one.isMe && one.name === piece)}>
            @{piece}
          </mark>
        ) : (
          piece
        ),
      )}
    </>
  );
}
