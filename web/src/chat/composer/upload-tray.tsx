// The attachments above the text field, with their upload progress.

import { IconButton } from "../../shared/controls.tsx";
import { formatFileSize } from "../../shared/file-size.ts";
import { Icon } from "../../shared/icons.tsx";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import type { Upload, Uploads } from "./uploads.ts";

function statusText({ file, progress, attachment, error }: Upload): string {
  if (error) return error;
  return attachment ? text.uploadReady(file.name) : text.uploading(file.name, Math.round(progress * 100));
}

export function UploadTray({ uploads }: { uploads: Uploads }) {
  const list = useStore(uploads);
  if (list.length === 0) return null;
  return (
    <ul class="uploads" aria-label={text.uploads}>
      {list.map((one) => (
        <li key={one.key} class="upload" data-failed={one.error !== undefined} title={statusText(one)}>
          {one.preview ? <img src={one.preview} alt="" /> : <Icon name="file" />}
          <span class="upload-name">
            <span class="file-name" dir="auto">{one.file.name}</span>
            <span class="file-size">{one.error ?? formatFileSize(one.file.size)}</span>
          </span>
          {!one.attachment && !one.error && <progress value={one.progress} max={1} aria-label={text.uploading(one.file.name, Math.round(one.progress * 100))} />}
          {one.error && <IconButton icon="retry" label={text.retry} onClick={() => uploads.retry(one.key)} />}
          <IconButton icon="close" label={text.removeFile(one.file.name)} onClick={() => uploads.remove(one.key)} />
          <span class="visually-hidden" role="status">
            {one.attachment || one.error ? statusText(one) : ""}
          </span>
        </li>
      ))}
    </ul>
  );
}
