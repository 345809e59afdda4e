/** Hands something to the person as a file. */

/** The browser reads a file after the click; at the next turn it would be gone. */
const KEPT_MS = 10_000;

/** Offers the content under a name. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
