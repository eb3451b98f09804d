/** The direction of the document, for positions computed in code; CSS uses logical properties. */
export function isRightToLeft(): boolean {
  return document.documentElement.dir === "rtl";
}
