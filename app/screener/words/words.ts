/** A wish cut into words and numbers, each with its place: digits, number words, percent, dollars, thousands and millions. */

/** One word in lower case without apostrophes, or a number. `form` of a number: percent, dollars, times ("2x"), or a bare one. */
export type Word = { readonly text: string; readonly value: number | null; readonly form: 'plain' | 'percent' | 'dollars' | 'times'; readonly from: number; readonly to: number };

/** Longest wish, characters; what is longer is cut, and told. */
export const WISH_MAX = 400;

const PIECE = /(\$?)(\d[\d,]*(?:\.\d+)?|\.\d+)\s?(%|percent\b|pct\b)?|[a-z]+(?:['’][a-z]+)*|[<>]=?|[-–—&,;.%$+=]/gi;
const SCALES: Readonly<Record<string, number>> = { k: 3, thousand: 3, m: 6, mm: 6, mn: 6, mio: 6, million: 6, millions: 6, b: 9, bn: 9, billion: 9, billions: 9, t: 12, trillion: 12 };
const UNITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'];
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const SMALL: ReadonlyMap<string, number> = new Map([...UNITS.map((name, n) => [name, n] as const), ...TENS.map((name, n) => [name, 20 + n * 10] as const)]);
const FORMS: Readonly<Record<string, Word['form']>> = { '%': 'percent', percent: 'percent', pct: 'percent', dollars: 'dollars', dollar: 'dollars', usd: 'dollars', bucks: 'dollars', x: 'times', times: 'times', fold: 'times' };

/** Larger numbers than the market knows are none: nothing is counted in sextillions. */
const LARGEST = 1e15;

const word = (text: string, from: number, to: number): Word => ({ text, value: null, form: 'plain', from, to });
const number = (value: number, form: Word['form'], from: number, to: number): Word => ({ text: `${value}`, value, form, from, to });

function pieces(text: string): Word[] {
  const found: Word[] = [];
  for (const match of text.matchAll(PIECE)) {
    const [whole, dollar, digits, percent] = match;
    const from = match.index;
    const to = from + whole.trimEnd().length;
    if (digits === undefined) found.push(word(whole.toLowerCase().replace(/['’]/g, ''), from, to));
    else found.push(number(Number(digits.replaceAll(',', '')), percent !== undefined ? 'percent' : dollar === '$' ? 'dollars' : 'plain', from, to));
  }
  return found;
}

/** Number words made numbers: `twenty five` 25, `two hundred` 200. "one" alone stays a word beside what it may point at. */
function numberWords(words: readonly Word[]): Word[] {
  const found: Word[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const first = words[at];
    if (first === undefined) continue;
    const small = SMALL.get(first.text);
    if (small === undefined) {
      found.push(first);
      continue;
    }
    let [value, to] = [small, first.to];
    const unit = SMALL.get(words[at + 1]?.text ?? '') ?? 0;
    const isHyphen = words[at + 1]?.text === '-' && (SMALL.get(words[at + 2]?.text ?? '') ?? 0) < 10 && (SMALL.get(words[at + 2]?.text ?? '') ?? 0) > 0;
    if (small >= 20 && isHyphen) [value, to, at] = [small + (SMALL.get(words[at + 2]?.text ?? '') ?? 0), words[at + 2]?.to ?? to, at + 2];
    else if (small >= 20 && unit > 0 && unit < 10) [value, to, at] = [small + unit, words[at + 1]?.to ?? to, at + 1];
    if (words[at + 1]?.text === 'hundred') [value, to, at] = [value * 100, words[at + 1]?.to ?? to, at + 1];
    found.push(number(value, 'plain', first.from, to));
  }
  return found;
}

/** Takes in what belongs to a number: `1 m`, `5 percent`, `20 dollars`, `2 x`, a minus before it. */
function joined(words: readonly Word[]): Word[] {
  const found: Word[] = [];
  for (let at = 0; at < words.length; at += 1) {
    let here = words[at];
    if (here === undefined) continue;
    if (here.value === null) {
      found.push(here);
      continue;
    }
    const scale = SCALES[words[at + 1]?.text ?? ''];
    if (scale !== undefined) {
      const scaled = Number(`${here.value}e${scale}`);
      here = number(Number.isFinite(scaled) ? scaled : here.value * 10 ** scale, here.form, here.from, words[at + 1]?.to ?? here.to);
      at += 1;
    }
    const form = FORMS[words[at + 1]?.text ?? ''];
    if (form !== undefined && here.value !== null && here.form === 'plain') {
      here = number(here.value, form, here.from, words[at + 1]?.to ?? here.to);
      at += 1;
    }
    found.push(signed(found, here));
  }
  return found;
}

/** A minus that stands alone before a number turns it; between two numbers it says "to". */
function signed(found: Word[], here: Word): Word {
  const before = found.at(-1);
  if (before === undefined || !/^[-–—]$/.test(before.text)) return here;
  found.pop();
  if ((found.at(-1)?.value ?? null) !== null) {
    found.push(word('to', before.from, before.to));
    return here;
  }
  return before.to === here.from && here.value !== null ? number(-here.value, here.form, before.from, here.to) : here;
}

/** Cuts a wish. Hyphens that join words, and stops, are dropped; commas stay. */
export function wordsOf(text: string): readonly Word[] {
  const all = joined(numberWords(pieces(text.slice(0, WISH_MAX))));
  return all.filter(({ text: said, value }) => (value === null ? !/^[-–—.;%$+]$/.test(said) : Math.abs(value) < LARGEST));
}
