import type { MessageOut } from "@wasgo/chat";

type MessageType = MessageOut["message_type"];

/** What stands for a message of this type that has no text. */
export const MESSAGE_TYPES: Readonly<Record<MessageType, string>> = {
  text: "Message",
  image: "Photo",
  file: "File",
  audio: "Audio",
  video: "Video",
  location: "Location",
  system: "",
};
