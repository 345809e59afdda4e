/** The text of a `.env` file, line by line, and what to say when a line is wrong. */

/** One `KEY=value` with the place it came from, as a person would look for it (`.env line 3`, `environment`). */
export type SettingEntry = { readonly key: string; readonly value: string; readonly source: string };

/** Something wrong with a setting: where, which key, what is wrong, and what to write instead. */
export type SettingProblem = { readonly source: string; readonly key: string; readonly problem: string; readonly remedy: string };

const MAX_LINES = 1_000;
const MAX_LINE_LENGTH = 4_000;
const KEY_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

function unquote(raw: string): string | null {
  const first = raw[0];
  if (first === '"' || first === "'") {
    const end = raw.indexOf(first, 1);
    if (end < 0) return null;
    const rest = raw.slice(end + 1).trim();
    return rest === '' || rest.startsWith('#') ? raw.slice(1, end) : null;
  }
  const comment = raw.search(/\s#/);
  return (comment < 0 ? raw : raw.slice(0, comment)).trim();
}

/** Reads the text of a `.env` file (`KEY=value`, `export KEY=value`, quotes, `#` comments). Broken lines become problems, in order. */
export function parseEnvText(text: string, fileName: string): { entries: SettingEntry[]; problems: SettingProblem[] } {
  const entries: SettingEntry[] = [];
  const problems: SettingProblem[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const complain = (source: string, key: string, problem: string, remedy: string): void => {
    problems.push({ source, key, problem, remedy });
  };
  if (text.includes('\0')) {
    complain(fileName, '(file)', 'is not a text file', 'save it as UTF-8 text with one KEY=value per line');
    return { entries, problems };
  }
  if (lines.length > MAX_LINES) complain(fileName, '(file)', `has more than ${MAX_LINES} lines`, 'keep only the settings of Mainspring in it');
  const firstLineOf = new Map<string, number>();
  for (const [index, whole] of lines.slice(0, MAX_LINES).entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) continue;
    const source = `${fileName} line ${index + 1}`;
    const text1 = line.replace(/^export\s+/, '');
    const equals = text1.indexOf('=');
    const key = (equals < 0 ? text1 : text1.slice(0, equals)).trim();
    if (line.length > MAX_LINE_LENGTH) complain(source, key.slice(0, 40), 'is too long', `keep a line below ${MAX_LINE_LENGTH} characters`);
    else if (equals < 0) complain(source, key.slice(0, 40), 'has no "="', 'write KEY=value, or put # before a comment');
    else if (!KEY_PATTERN.test(key)) complain(source, key.slice(0, 40), 'is not a valid name', 'use letters, digits and _ before the "="');
    else {
      const earlier = firstLineOf.get(key);
      const value = unquote(text1.slice(equals + 1).trim());
      if (earlier !== undefined) complain(source, key, `was set before in line ${earlier}`, 'keep one of the two lines');
      else if (value === null) complain(source, key, 'has a quote that is not closed', 'close the quote, or remove it');
      else entries.push({ key, value, source });
      firstLineOf.set(key, index + 1);
    }
  }
  return { entries, problems };
}
