/** Mechanical ways out of findings: what a line becomes. Pure; the editor offers them at the light bulb. */

/** A way out. `text`: the whole line as it becomes; null = the line goes. */
export type QuickFix = { readonly title: string; readonly text: string | null };

const PRICES = ['open', 'high', 'low', 'close', 'volume'];
const BACK = /\.(ago|shift)\(\s*-\s*(\d+)\s*\)/;

/** `close.ago(-1)` becomes `close.now` or `close.ago(1)`. */
function negative(line: string): readonly QuickFix[] {
  const found = BACK.exec(line);
  if (found === null) return [];
  const bars = found[2] ?? '1';
  return [{ title: 'Use the bar that has just closed: .now', text: line.replace(BACK, '.now') }, { title: `Look back instead: .ago(${bars})`, text: line.replace(BACK, `.ago(${bars})`) }];
}

/** `channel.upper.now` becomes `channel.upper.ago(1)`; prices keep their `now`. */
function unshifted(line: string): readonly QuickFix[] {
  const extremes = [...line.matchAll(/([A-Za-z_$][\w$]*)((?:\.[A-Za-z_$][\w$]*)*)\.now\b/g)].filter(([whole]) => !PRICES.includes(whole.split('.').at(-2) ?? ''));
  return extremes.flatMap((found) => {
    const whole = found[0];
    const at = found.index;
    const put = (instead: string): string => `${line.slice(0, at)}${instead}${line.slice(at + whole.length)}`;
    const before = /\.(upper|lower)\.now$/.exec(whole)?.[1];
    return [
      { title: `Compare with the extreme before this bar: ${whole.replace(/\.now$/, '.ago(1)')}`, text: put(whole.replace(/\.now$/, '.ago(1)')) },
      ...(before === undefined ? [] : [{ title: `Use ${before}Before, which leaves this bar out`, text: put(whole.replace(/\.(upper|lower)\.now$/, `.${before}Before.now`)) }]),
    ];
  });
}

function asynchronous(line: string): readonly QuickFix[] {
  const text = line.replaceAll(/\b(async|await)\s+/g, '');
  return text === line ? [] : [{ title: 'Remove async and await', text }];
}

function outsideImport(line: string): readonly QuickFix[] {
  return /^\s*import\b.*['"]\s*;?\s*$/.test(line) ? [{ title: 'Remove this import', text: null }] : [];
}

const BY_RULE: Readonly<Record<string, (line: string) => readonly QuickFix[]>> = { negative_index: negative, unshifted, asynchronous, import: outsideImport };

/** The ways out of a finding of a rule in a line; none when only a person can tell. */
export function quickFixes(rule: string, line: string): readonly QuickFix[] {
  return BY_RULE[rule]?.(line) ?? [];
}
