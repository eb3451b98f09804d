// Which way the page is read. Asked of the document, so that what is placed by numbers follows what CSS does.

export function isMirrored(): boolean {
  return document.documentElement.dir === "rtl";
}
