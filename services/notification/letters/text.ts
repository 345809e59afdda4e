/** A letter as plain text: for people who read mail that way, and for webhooks. */
import { MODE_WORDS, moment } from './figures.ts';
import type { Letter, Section } from './letter.ts';

const WIDTH = 72;

function originOf({ source, asOf }: Section): string {
  return `(${source}, as of ${moment(asOf)})`;
}

function tableText(section: Extract<Section, { kind: 'table' }>): string[] {
  const all = [section.columns.map((column) => column.label), ...section.rows.map((row) => row.map(({ text, note }) => (note === '' ? text : `${text} (${note})`)))];
  const widths = section.columns.map((_column, n) => Math.max(...all.map((row) => row[n]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((text, n) => (section.columns[n]?.isNumber ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0))).join('  ').trimEnd();
  return [...all.map(line), ...(section.more > 0 ? [`and ${section.more} more`] : [])];
}

function sectionText(section: Section): string[] {
  const head = ['', section.title.toUpperCase()];
  switch (section.kind) {
    case 'figures': {
      const width = Math.max(...section.figures.map((figure) => figure.label.length), 0);
      return [...head, ...section.figures.map(({ label, value, note }) => `${label.padEnd(width)}  ${value}${note === '' ? '' : `  (${note})`}`), originOf(section)];
    }
    case 'table':
      return [...head, ...tableText(section), originOf(section)];
    case 'lines':
      return [...head, ...section.lines.map((line) => `  ${line}`), originOf(section)];
    default:
      return head;
  }
}

/** The text of a letter, with Unix line ends. */
export function renderText(letter: Letter): string {
  const { tag, words } = MODE_WORDS[letter.mode];
  return [`${tag} - ${words}`, '='.repeat(WIDTH), letter.title, ...letter.intro.flatMap((sentence) => ['', sentence]), ...letter.sections.flatMap(sectionText), '', '-'.repeat(WIDTH), letter.footer, `Mainspring, written ${moment(letter.at)}`].join('\n');
}
