/** Takes secrets out of text that leaves this computer: every value that is known, and everything that looks like one. Pure. */

/** What stands where a secret stood. */
export const MASK = '[secret]';

/** Shorter values are taken out only where their name says what they are: they would tear holes into every word. */
const LEAST_LENGTH = 4;

const NAMED = '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|secret[-_]?key|key[-_]?id|authorization|cookie|credentials?|apca[-a-z]*|pgpassword)';
/** A name that speaks of a secret, then its value: quoted (also as JSON within JSON), or up to the next space. */
const NAMED_VALUE = new RegExp(`(?<name>${NAMED}[\\w.-]*["'\\\\]*\\s*[:=]\\s*)(?:(?<open>\\\\*["'])(?:(?!\\k<open>).)*(?<close>\\k<open>)|[^\\s"',;&}\\]\\\\]+)`, 'gi');

/** What a secret looks like wherever it stands. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, MASK],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${MASK}`],
  // User and password in an address.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{0,200}:[^\s@"']{0,200}@/gi, `$1${MASK}@`],
  [/SCRAM-SHA-256\$[^\s"']+/g, MASK],
  // Key ids of the broker, also those of its other products.
  [/\b(?:AK|PK|CK|SK)[A-Z0-9]{12,}\b/g, MASK],
  // What we make ourselves, and hashes of it.
  [/\b[0-9a-f]{40,}\b/gi, MASK],
  // Long words of mixed letters and digits: secret keys of the broker, login tokens.
  [/(?<![\w/+-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{32,}(?![\w/])/g, MASK],
];

/** A value in each of the spellings in which it may turn up in a log. */
function spellingsOf(secret: string): string[] {
  const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  return [...new Set(spellings)];
}

/** A masker that knows these values. Long ones go first, so that none is left of which a part is another secret. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const known = [...new Set([...secrets].map((secret) => secret.trim()).filter((secret) => secret.length >= LEAST_LENGTH).flatMap(spellingsOf))].sort((a, b) => b.length - a.length);
  return (text) => {
    let safe = text;
    for (const secret of known) safe = safe.replaceAll(secret, MASK);
    for (const [shape, mask] of SHAPES) safe = safe.replace(shape, mask);
    return safe.replace(NAMED_VALUE, `$<name>$<open>${MASK}$<close>`);
  };
}
