/** What a deployment would change in one that runs already: version, name, symbols, timeframe, sizing, parameters, limits. Pure. */
import type { ProjectFacts } from '#app/contracts/author.ts';
import type { DeploymentLive } from '#app/contracts/deploy.ts';
import { limitsOf, parametersOf, sizingOf } from './deploy-draft.ts';
import type { DeployDraft } from './deploy-draft.ts';

/** One line of the difference. */
export type Change = { readonly what: string; readonly from: string; readonly to: string };

const NONE = '–';
const LIMIT_NAMES = { maxNotional: 'Most it may hold, USD', maxOrdersPerDay: 'Entries a day', maxDailyLoss: 'Loss of a day, USD', maxErrors: 'Errors in a row' } as const;

function words(value: unknown): string {
  if (value === undefined || value === null) return NONE;
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

function symbolsWords(symbols: readonly string[]): string {
  if (symbols.includes('*')) return 'all watched';
  return symbols.length <= 6 ? symbols.join(' ') : `${symbols.slice(0, 5).join(' ')} and ${symbols.length - 5} more`;
}

function recordChanges(prefix: string, before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].map((name) => ({ what: `${prefix}${name}`, from: words(before[name]), to: words(after[name]) }));
}

/** The lines in which the form differs from what runs; none = the same. */
export function changesOf(live: DeploymentLive, draft: DeployDraft, next: { version: number; facts: ProjectFacts | null; screenName: string | null }): Change[] {
  const { card } = live;
  const symbols = draft.universe === 'watched' ? ['*'] : draft.symbols;
  const isSameUniverse = draft.universe !== 'screen' && [...symbols].sort().join(' ') === [...card.symbols].sort().join(' ');
  const limits = limitsOf(draft.limits);
  const lines: Change[] = [
    { what: 'Version', from: card.project === null ? NONE : String(card.project.version), to: String(next.version) }, { what: 'Name', from: card.name, to: draft.name.trim() },
    ...(isSameUniverse ? [] : [{ what: 'Symbols', from: symbolsWords(card.symbols), to: draft.universe === 'screen' ? `what the screen ${next.screenName ?? ''} finds` : symbolsWords(symbols) }]),
    { what: 'Timeframe', from: card.timeframe, to: draft.timeframe }, ...recordChanges('Sizing: ', live.sizing, sizingOf(draft.sizing)), ...recordChanges('Parameter ', live.parameters, parametersOf(draft, next.facts)),
    ...(Object.keys(LIMIT_NAMES) as (keyof typeof LIMIT_NAMES)[]).map((name) => ({ what: LIMIT_NAMES[name], from: words(card.limits?.[name]), to: words(limits[name]) })),
  ];
  return lines.filter(({ from, to }) => from !== to);
}
