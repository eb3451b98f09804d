// The attachments above the text field, with their upload progress.

import { IconButton } from "../../shared/controls.tsx";
import { formatFileSize } from "../../shared/file-size.ts";
import { Icon } from "../../shared/icons.tsx";
import { useStore } from "../../shared/store.ts";
import { text } from "../../shared/text.ts";
import type { Upload, Uploads } from "./uploads.ts";

function statusText({ file, progress, attachment, error }: Upload): string {
  if (error) return `${file.name}: ${error.message}`;
  return attachment ? text.uploadReady(file.name) : text.uploading(file.name, Math.round(progress * 100));
}

export function UploadTray({ uploads }: { uploads: Uploads }) {
  const list = useStore(uploads);
  if (list.length === 0) return null;
  return (
    <ul class="uploads" aria-label={text.uploads}>
      {list.map((upload) => (
        <li key={upload.key} class="upload" data-failed={upload.error !== undefined} title={statusText(upload)}>
          {upload.preview ? <img src={upload.preview} alt="" /> : <Icon name="file" />}
          <span class="upload-name">
            <span class="file-name" dir="auto">{upload.file.name}</span>
            <span class="file-size">{upload.error?.message ?? formatFileSize(upload.file.size)}</span>
          </span>
          {!upload.attachment && !upload.error && <progress value={upload.progress} max={1} aria-label={text.uploading(upload.file.name, Math.round(upload.progress * 100))} />}
          {upload.error?.isRetryable && <IconButton icon="retry" label={text.retry} onClick={() => uploads.retry(upload.key)} />}
          <IconButton icon="close" label={text.removeFile(upload.file.name)} onClick={() => uploads.remove(upload.key)} />
          <span class="visually-hidden" role="status">
            {upload.attachment || upload.error ? statusText(upload) : ""}
          </span>
        </li>
      ))}
    </ul>
  );
}
