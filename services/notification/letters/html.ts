/** A letter as HTML that mail clients show well: tables and inline styles, no image, nothing fetched, light and dark. */
import type { Mode } from '#app/contracts/config.ts';
import { MODE_WORDS, moment } from './figures.ts';
import type { Letter, Section, Tone } from './letter.ts';

const FONT = `-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif`;
const MONO = `Consolas, 'SF Mono', Menlo, monospace`;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Foreign words as text: strategy names and reasons are written by others. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

/** Inline colours are those of the light theme; clients that know dark replace them by class. Contrast of text is at least 4.5:1 in both. */
const LIGHT = { page: '#f2f4f7', card: '#ffffff', line: '#e6e8ec', text: '#14171c', muted: '#5d6673', gain: '#15803d', loss: '#c2342f', warn: '#b45309' } as const;
const DARK = { page: '#0e1116', card: '#151a21', line: '#2a323d', text: '#e7eaf0', muted: '#98a2b3', gain: '#34c77b', loss: '#ff6b62', warn: '#f5a524' } as const;
/** The market's mark: demo neutral, paper blue, live amber; the words say it too. */
const MODE_COLOURS: Readonly<Record<Mode, { readonly back: string; readonly ink: string }>> = { demo: { back: '#4b5563', ink: '#ffffff' }, paper: { back: '#1d4ed8', ink: '#ffffff' }, live: { back: '#f5a524', ink: '#1a1300' } };
const SEVERITY_LINE = { info: LIGHT.line, warning: LIGHT.warn, critical: LIGHT.loss } as const;

const STYLE = `
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: ${DARK.page} !important; } .card { background: ${DARK.card} !important; border-color: ${DARK.line} !important; }
    .text { color: ${DARK.text} !important; } .muted { color: ${DARK.muted} !important; } .line { border-color: ${DARK.line} !important; }
    .gain { color: ${DARK.gain} !important; } .loss { color: ${DARK.loss} !important; } .warn { color: ${DARK.warn} !important; } .code { background: ${DARK.page} !important; color: ${DARK.text} !important; }
  }
  @media (max-width: 620px) { .pad { padding-left: 16px !important; padding-right: 16px !important; } .narrow { font-size: 12px !important; } }`;

const TONE_COLOUR: Readonly<Record<NonNullable<Tone>, string>> = { gain: LIGHT.gain, loss: LIGHT.loss, warn: LIGHT.warn };

function toned(tone: Tone): { name: string; colour: string } {
  return tone === null ? { name: 'text', colour: LIGHT.text } : { name: tone, colour: TONE_COLOUR[tone] };
}

function originOf({ source, asOf }: Section): string {
  return `<div class="muted" style="margin-top:8px;font:12px/16px ${FONT};color:${LIGHT.muted}">${escapeHtml(source)}, as of ${escapeHtml(moment(asOf))}</div>`;
}

function noteOf(note: string): string {
  return note === '' ? '' : `<div class="muted" style="font:12px/16px ${FONT};color:${LIGHT.muted}">${escapeHtml(note)}</div>`;
}

function figures(section: Extract<Section, { kind: 'figures' }>): string {
  const rows = section.figures.map(({ label, value, tone, note }) => {
    const { name, colour } = toned(tone);
    return `<tr><td class="muted line" style="padding:7px 12px 7px 0;border-bottom:1px solid ${LIGHT.line};font:14px/20px ${FONT};color:${LIGHT.muted}" valign="top">${escapeHtml(label)}</td><td class="line" align="right" style="padding:7px 0;border-bottom:1px solid ${LIGHT.line}"><div class="${name}" style="font:600 14px/20px ${FONT};color:${colour};font-variant-numeric:tabular-nums">${escapeHtml(value)}</div>${noteOf(note)}</td></tr>`;
  });
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">${rows.join('')}</table>`;
}

function table(section: Extract<Section, { kind: 'table' }>): string {
  const align = (n: number): string => (section.columns[n]?.isNumber ? 'right' : 'left');
  const edge = (n: number): string => `padding:6px ${n === section.columns.length - 1 ? 0 : 8}px 6px ${n === 0 ? 0 : 8}px`;
  const head = section.columns.map((column, n) => `<th class="muted line narrow" align="${align(n)}" style="${edge(n)};border-bottom:1px solid ${LIGHT.line};font:600 12px/16px ${FONT};color:${LIGHT.muted};white-space:nowrap">${escapeHtml(column.label)}</th>`).join('');
  const rows = section.rows.map((row) => `<tr>${row.map((cell, n) => {
    const { name, colour } = toned(cell.tone);
    return `<td class="${name} line narrow" align="${align(n)}" valign="top" style="${edge(n)};border-bottom:1px solid ${LIGHT.line};font:13px/18px ${FONT};color:${colour};${section.columns[n]?.isNumber ? 'white-space:nowrap;font-variant-numeric:tabular-nums' : 'word-break:break-word'}">${escapeHtml(cell.text)}${noteOf(cell.note)}</td>`;
  }).join('')}</tr>`).join('');
  const more = section.more > 0 ? `<div class="muted" style="margin-top:8px;font:13px/18px ${FONT};color:${LIGHT.muted}">and ${section.more} more</div>` : '';
  return `<table width="100%" cellpadding="0" cellspacing="0" border="0"><tr>${head}</tr>${rows}</table>${more}`;
}

function lines(section: Extract<Section, { kind: 'lines' }>): string {
  if (!section.isCode) return section.lines.map((line) => `<p class="text" style="margin:0 0 8px;font:14px/20px ${FONT};color:${LIGHT.text}">${escapeHtml(line)}</p>`).join('');
  return `<div class="code" style="padding:10px 12px;background:${LIGHT.page};border-radius:6px;font:12px/18px ${MONO};color:${LIGHT.text};white-space:pre-wrap;word-break:break-word">${section.lines.map(escapeHtml).join('<br>')}</div>`;
}

function sectionHtml(section: Section): string {
  const body = section.kind === 'figures' ? figures(section) : section.kind === 'table' ? table(section) : lines(section);
  return `<tr><td class="pad" style="padding:20px 28px 0"><div class="text" style="margin-bottom:6px;font:600 15px/20px ${FONT};color:${LIGHT.text}">${escapeHtml(section.title)}</div>${body}${originOf(section)}</td></tr>`;
}

/** The page of a letter. The text behind the subject in a list of mails is the first sentence. */
export function renderHtml(letter: Letter): string {
  const { tag, words } = MODE_WORDS[letter.mode];
  const { back, ink } = MODE_COLOURS[letter.mode];
  const intro = letter.intro.map((sentence) => `<p class="text" style="margin:8px 0 0;font:15px/22px ${FONT};color:${LIGHT.text}">${escapeHtml(sentence)}</p>`).join('');
  const accent = letter.severity === 'info' ? '' : `border-top:4px solid ${SEVERITY_LINE[letter.severity]};`;
  const loud = letter.severity === 'info' ? '' : `<div class="${letter.severity === 'critical' ? 'loss' : 'warn'}" style="margin-bottom:4px;font:700 12px/16px ${FONT};letter-spacing:.06em;color:${SEVERITY_LINE[letter.severity]}">${letter.severity.toUpperCase()}</div>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>${escapeHtml(letter.subject)}</title><style>${STYLE}</style></head>
<body class="page" style="margin:0;padding:0;background:${LIGHT.page}">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(letter.intro[0] ?? letter.title)}</div>
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${LIGHT.page}"><tr><td align="center" style="padding:24px 8px">
<table class="card" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:640px;background:${LIGHT.card};border:1px solid ${LIGHT.line};border-radius:8px;border-collapse:separate;overflow:hidden">
<tr><td class="pad" style="padding:10px 28px;background:${back}"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td style="font:800 14px/20px ${FONT};letter-spacing:.08em;color:${ink}">${tag}</td><td align="right" style="font:13px/20px ${FONT};color:${ink}">${escapeHtml(words)}</td></tr></table></td></tr>
<tr><td class="pad" style="${accent}padding:24px 28px 0">${loud}<div class="text" style="font:700 22px/28px ${FONT};color:${LIGHT.text}">${escapeHtml(letter.title)}</div>${intro}</td></tr>
${letter.sections.map(sectionHtml).join('\n')}
<tr><td class="pad" style="padding:24px 28px"><div class="muted line" style="border-top:1px solid ${LIGHT.line};padding-top:12px;font:12px/18px ${FONT};color:${LIGHT.muted}">${escapeHtml(letter.footer)}<br>Mainspring, written ${escapeHtml(moment(letter.at))}</div></td></tr>
</table></td></tr></table></body></html>`;
}
