/** What the tray shows: a colour, a line of text and a menu, all from one status. */
import { STALE_AFTER_MS } from '#app/contracts/live.ts';
import type { UnitHealth } from '#app/contracts/health.ts';
import type { ShellStatus, TradingBrief } from '#app/contracts/shell.ts';
import { gain } from './words.ts';

/** The icons that exist for the tray. */
export type TrayIcon = 'stopped' | 'starting' | 'running' | 'attention' | 'failed';

/** Everything that the tray's menu can do. */
export type TrayAction = 'open' | 'start' | 'stop' | 'restart' | 'halt' | 'cancelAll' | 'flatten' | 'about' | 'quit';

/** A line of the menu: a command, a text, or a separator. */
export type TrayLine = { readonly kind: 'command'; readonly action: TrayAction; readonly label: string; readonly isEnabled: boolean } | { readonly kind: 'text'; readonly label: string } | { readonly kind: 'separator' };

/** What of a status the tray looks at. */
export type TrayFacts = Pick<ShellStatus, 'phase' | 'mode' | 'stack' | 'trading' | 'armedUntil' | 'problem' | 'isWelcomeDone'>;

/** Windows shows no more characters than that. */
const TOOLTIP_MAX = 127;
const UP: ReadonlySet<UnitHealth['state']> = new Set(['ready', 'done']);

/** The trading figures, unless they are too old to be shown as fresh. */
export function freshBrief(trading: TradingBrief | null, now: number): TradingBrief | null {
  return trading !== null && now - trading.at <= STALE_AFTER_MS ? trading : null;
}

/** The colour of the whole: red where something was given up, amber where something is not as it should be. */
export function trayIcon({ phase, stack, trading }: TrayFacts, now: number): TrayIcon {
  if (phase === 'stopped' || phase === 'failed') return phase;
  if (phase !== 'running') return 'starting';
  const units = stack?.units ?? [];
  if (units.some((unit) => unit.state === 'failed')) return 'failed';
  const isTrading = freshBrief(trading, now)?.state === 'ACTIVE';
  return units.every((unit) => UP.has(unit.state)) && isTrading ? 'running' : 'attention';
}

function whatRuns({ phase, stack, problem }: TrayFacts): string {
  const units = stack?.units ?? [];
  const figures = `${units.filter((unit) => UP.has(unit.state)).length}/${units.length}`;
  switch (phase) {
    case 'stopped':
      return 'Stopped: nothing trades';
    case 'starting':
      return `Starting ${figures}`;
    case 'running':
      return `Running ${figures}`;
    case 'stopping':
      return 'Stopping';
    case 'failed':
      return `Not started: ${problem?.message ?? 'no reason was given'}`;
  }
}

function market({ mode, armedUntil }: TrayFacts, now: number): string {
  if (mode !== 'live') return mode.toUpperCase();
  return armedUntil !== null && armedUntil > now ? 'LIVE, armed' : 'LIVE, not armed';
}

function tradingWords(facts: TrayFacts, now: number): string[] {
  if (facts.phase !== 'running') return [];
  const brief = freshBrief(facts.trading, now);
  if (brief === null) return ['Trading state not known now'];
  return [`Trading ${brief.state}`, `Today ${brief.dayPnl === null ? 'not known' : gain(brief.dayPnl)}`];
}

/** The text beside the icon, at most as long as Windows shows. */
export function trayTooltip(facts: TrayFacts, now: number): string {
  const text = [`Mainspring (${market(facts, now)})`, whatRuns(facts), ...tradingWords(facts, now)].join('\n');
  return text.length <= TOOLTIP_MAX ? text : `${text.slice(0, TOOLTIP_MAX - 1)}…`;
}

/** The menu. Commands without sense now are shown and disabled: their place never changes. */
export function trayMenu(facts: TrayFacts, now: number): readonly TrayLine[] {
  const { phase, trading, isWelcomeDone } = facts;
  const isResting = phase === 'stopped' || phase === 'failed';
  const isHalted = freshBrief(trading, now)?.state === 'HALTED';
  const command = (action: TrayAction, label: string, isEnabled = true): TrayLine => ({ kind: 'command', action, label, isEnabled });
  return [
    { kind: 'text', label: [market(facts, now), phase === 'failed' ? 'Not started' : whatRuns(facts)].join(' · ') },
    // Without figures: a menu that changes while it is open jumps.
    ...(phase === 'running' ? [{ kind: 'text', label: tradingWords(facts, now)[0] ?? '' } as const] : []),
    { kind: 'separator' },
    command('open', 'Open dashboard'),
    { kind: 'separator' },
    command('start', 'Start', isResting && isWelcomeDone),
    command('stop', 'Stop', phase === 'running' || phase === 'starting'),
    command('restart', 'Restart', phase === 'running'),
    { kind: 'separator' },
    command('halt', isHalted ? 'Trading is halted' : 'HALT trading', (phase === 'running' || phase === 'starting') && !isHalted),
    command('cancelAll', 'HALT and cancel all orders...', phase === 'running' || phase === 'starting'),
    command('flatten', 'Close all positions...', phase === 'running' || phase === 'starting'),
    { kind: 'separator' },
    command('about', 'About Mainspring'),
    command('quit', phase === 'stopping' ? 'Quit by force' : 'Quit'),
  ];
}
