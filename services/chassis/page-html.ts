/** HTML out of templates in which every value is escaped, whatever it holds: names of strategies and messages come from elsewhere. */

/** Text that is HTML already. Only `html` and `raw` make one. */
export type Html = { readonly html: string };
/** What may stand in a template: text is escaped, HTML stays, lists are joined, nothing is left out. */
export type Fragment = string | number | Html | null | false | readonly Fragment[];

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** What a browser, a terminal or a reader could take for something else: controls, and marks that turn the direction of writing. */
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text for content and for attribute values in quotes. escapeHtml('<a "b">') = '&lt;a &quot;b&quot;&gt;' */
export function escapeHtml(text: string): string {
  return text.replace(UNSEEN, '').replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);
}

function written(value: Fragment): string {
  if (value === null || value === false) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return 'html' in value ? value.html : value.map(written).join('');
}

/** A template of HTML. */
export function html(parts: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  return { html: parts.reduce((page, part, n) => page + part + written(values[n] ?? null), '') };
}

/** Our own constant text as HTML: styles and pictures. Never anything that came from outside. */
export function raw(text: string): Html {
  return { html: text };
}
