// The files above the field, with how far each is.

import { IconButton } from "../../shared/controls.tsx";
import { Icon } from "../../shared/icons.tsx";
import { text } from "../../shared/text.ts";
import { sizeOf } from "../thread/attachments.tsx";
import { useStore } from "../../shared/store.ts";
import type { Upload, Uploads } from "./uploads.ts";

function stateOf({ file, part, stored, error }: Upload): string {
  if (error) return error;
  return stored ? text.uploadReady(file.name) : text.uploading(file.name, Math.round(part * 100));
}

export function UploadTray({ uploads }: { uploads: Uploads }) {
  const list = useStore(uploads);
  if (list.length === 0) return null;
  return (
    <ul class="uploads" aria-label={text.uploads}>
      {list.map((one) => (
        <li key={one.key} class="upload" data-failed={one.error !== undefined} title={stateOf(one)}>
          {one.preview ? <img src={one.preview} alt="" /> : <Icon name="file" />}
          <span class="upload-name">
            <span class="file-name" dir="auto">{one.file.name}</span>
            <span class="file-size">{one.error ?? sizeOf(one.file.size)}</span>
          </span>
          {!one.stored && !one.error && <progress value={one.part} max={1} aria-label={text.uploading(one.file.name, Math.round(one.part * 100))} />}
          {one.error && <IconButton icon="retry" label={text.retry} onClick={() => uploads.retry(one.key)} />}
          <IconButton icon="close" label={text.removeFile(one.file.name)} onClick={() => uploads.remove(one.key)} />
          <span class="only-read" role="status">
            {one.stored || one.error ? stateOf(one) : ""}
          </span>
        </li>
      ))}
    </ul>
  );
}
