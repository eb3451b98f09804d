// The words of a message, with links and mentions marked. Text stays text: nothing of it becomes markup.

import { memberName, useOpen } from "../conversation/conversation-context.ts";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;

interface Mentioned {
  readonly name: string;
  readonly isMe: boolean;
}

export function Words({ content, mentions }: { content: string; mentions: readonly string[] }) {
  const { state, me } = useOpen();
  const mentioned = mentions.map((id) => ({ name: memberName(state.participants, id, ""), isMe: id === me }));
  return (
    <span class="words" dir="auto">
      {content.split(LINK).map((part, at) =>
        at % 2 === 1 ? (
          <a key={at} href={part} target="_blank" rel="noreferrer noopener">
            {part}
          </a>
        ) : (
          <Mentioning key={at} part={part} mentioned={mentioned} />
        ),
      )}
    </span>
  );
}

function Mentioning({ part, mentioned }: { part: string; mentioned: readonly Mentioned[] }) {
  if (mentioned.length === 0) return <>{part}</>;
  // The longest first: "@Ana Lima" is no "@Ana" with a word behind.
  const names = mentioned.map((one) => one.name).toSorted((one, other) => other.length - one.length);
  const pattern = new RegExp(`@(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "g");
  return (
    <>
      {part.split(pattern).map((piece, at) =>
        at % 2 === 1 ? (
          <mark key={at} data-me={mentioned.some((one) => one.isMe && one.name === piece)}>
            @{piece}
          </mark>
        ) : (
          piece
        ),
      )}
    </>
  );
}
