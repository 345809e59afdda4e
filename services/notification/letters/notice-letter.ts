/** Letters about single notices: a risk event, a halt, a part that failed, an alert of risk, a test. */
import type { Payload } from '#app/contracts/events.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { Notice } from '../notices.ts';
import { subjectOf } from './figures.ts';
import type { Letter, Section } from './letter.ts';

const SOURCES: Readonly<Record<Notice['kind'], string>> = {
  order_filled: 'Ledger', order_rejected: 'Events of execution', order_denied: 'Decisions of risk management', risk_event: 'Events of risk management',
  trading_state: 'Trading state', health: 'Look at every part', alert: 'Alert of risk management', finding: 'Guardian of orders and positions', screen: 'Saved screen', strategy: 'Strategy engine',
};
const NEXT: Readonly<Record<Notice['kind'], string>> = {
  order_filled: 'The portfolio page shows the order with its story.', order_rejected: 'The portfolio page shows the order with its story.', order_denied: 'The portfolio page shows each rule with its limit and what was observed.',
  risk_event: 'The health page says whether trading is possible now.', trading_state: 'Trading is resumed or halted on any page of the application.',
  health: 'The health page shows every part with its logs; a part is started again by itself where that can help.', alert: 'The portfolio page shows positions and limits.',
  finding: 'The reconciliation report shows it with its remedy; one click applies it, another leaves it alone.', screen: 'The screener page shows the screen with its history.',
  strategy: 'The page Author shows its log with the line that failed, and starts it again.',
};
const VALUE_MAX = 200;
const FACTS_MAX = 12;

/** Names of a context as words: `observedLoss` -> `Observed loss`. */
function label(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function valueOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX - 1)}…` : text;
}

/** The facts behind a notice; those with a section of their own are left out. */
function factsOf(notice: Notice, at: number): Section[] {
  const { reasons: _reasons, lastLines, ...context } = notice.context;
  const figures = Object.entries(context).filter(([, value]) => value !== null && value !== undefined && value !== '').slice(0, FACTS_MAX).map(([key, value]) => ({ label: label(key), value: valueOf(value), tone: null, note: '' }));
  const output = Array.isArray(lastLines) ? lastLines.filter((line) => typeof line === 'string').slice(-20) : [];
  return [
    ...(figures.length > 0 ? [{ kind: 'figures' as const, title: 'Facts', source: SOURCES[notice.kind], asOf: at, figures }] : []),
    ...(output.length > 0 ? [{ kind: 'lines' as const, title: 'Its last words', source: 'Captured output', asOf: at, lines: output, isCode: true }] : []),
  ];
}

/** A notice as a letter. `at` is EpochMs. */
export function noticeLetter(notice: Notice, mode: Mode, at: number): Letter {
  return { subject: subjectOf(mode, notice.title), title: notice.title, severity: notice.severity, mode, at, intro: notice.body === '' ? [] : [notice.body], sections: factsOf(notice, at), footer: NEXT[notice.kind] };
}

/** An alert of risk as a letter: its items are facts in order of weight. */
export function alertLetter(alert: Payload<'alert.raised'>, mode: Mode, at: number): Letter {
  const columns = [{ label: 'What', isNumber: false }, { label: 'Value', isNumber: true }];
  const rows = alert.items.map(({ label: what, value, note }) => [{ text: what, tone: null, note }, { text: value, tone: null, note: '' }]);
  const sections: Section[] = rows.length === 0 ? [] : [{ kind: 'table', title: 'Facts', source: SOURCES.alert, asOf: at, columns, rows, more: 0 }];
  return { subject: subjectOf(mode, alert.title), title: alert.title, severity: alert.severity, mode, at, intro: alert.body.split('\n').filter((line) => line.trim() !== ''), sections, footer: NEXT.alert };
}

/** The letter of a person who wants to see whether letters arrive. */
export function testLetter(mode: Mode, at: number, actor: string): Letter {
  return {
    subject: subjectOf(mode, 'A test mail'), title: 'A test mail', severity: 'info', mode, at, intro: ['You asked for this mail. Since you can read it, alerts and summaries will reach you the same way.'],
    sections: [{ kind: 'figures', title: 'How it came', source: 'The application', asOf: at, figures: [{ label: 'Asked for by', value: actor, tone: null, note: '' }] }], footer: 'The health page lists every message with what became of it.',
  };
}
