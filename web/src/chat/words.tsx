// The words of a message, with links and mentions marked. Text stays text: nothing of it becomes markup.

import { useOpen, memberName } from "./conversation-context.ts";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;

export function Words({ content, mentions }: { content: string; mentions: readonly string[] }) {
  const { state, me } = useOpen();
  const names = mentions.map((id) => memberName(state.participants, id, "")).filter(Boolean);
  return (
    <span class="words" dir="auto">
      {content.split(LINK).map((part, at) =>
        at % 2 === 1 ? (
          <a key={at} href={part} target="_blank" rel="noreferrer noopener">
            {part}
          </a>
        ) : (
          <Mentioning key={at} part={part} names={names} isMe={mentions.includes(me)} />
        ),
      )}
    </span>
  );
}

function Mentioning({ part, names, isMe }: { part: string; names: readonly string[]; isMe: boolean }) {
  const found = names.find((name) => part.includes(`@${name}`)) ?? "";
  if (!found) return <>{part}</>;
  const [before = "", ...after] = part.split(`@${found}`);
  return (
    <>
      {before}
      <mark data-me={isMe}>@{found}</mark>
      {after.join(`@${found}`)}
    </>
  );
}
