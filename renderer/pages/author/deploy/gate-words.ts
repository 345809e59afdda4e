/** The gates as the page tells them: in order, with what passes each. Pure. */
import type { Gate, Gates } from '#app/contracts/deploy.ts';
import type { Mode } from '#app/contracts/config.ts';
import { counted } from '../../../ui/format.ts';

/** What the button of a gate says; null = it has none. */
export const GATE_BUTTONS: Readonly<Record<Gate['action'], string | null>> = {
  fix_source: 'Show the place', check_look_ahead: 'Check now', run_backtest: 'Run a back-test', optimise: 'Optimise', read_verdict: 'Read the verdict', set_limits: 'Set limits', deploy_to_paper: 'How to get there', none: null,
};

/** What each state is called beside its mark. */
export const GATE_STATES: Readonly<Record<Gate['state'], string>> = { passed: 'Passed', open: 'Open', failed: 'Failed', not_needed: 'Not needed here' };

/** The market that runs, so that nobody mistakes it. `money`: what is at stake; `way`: how a version gets into the next market, or into this one. */
export const MARKETS: Readonly<Record<Mode, { readonly name: string; readonly money: string; readonly way: string; readonly wayName: string }>> = {
  demo: { name: 'Demo', money: 'A simulated market and a simulated account. No real money.', wayName: 'To paper and live', way: 'Next: let it prove itself on paper. Change the market to Paper in the application settings (headless: `mainspring mode paper`). Your projects come along with every version; open this one there and deploy it again. Paper also asks that you have read an out-of-sample verdict.' },
  paper: { name: 'Paper', money: 'Real prices, Alpaca’s paper account. No real money.', wayName: 'To live', way: 'Next: live asks for at least five exchange days of exactly these files on paper. Any change of the files begins the count anew. When they are complete, change the market to Live in the application settings (headless: `mainspring mode live`) and deploy it there.' },
  live: { name: 'Live', money: 'Real orders with real money.', wayName: 'From paper to here', way: 'A version proves itself on paper first: change the market to Paper in the application settings (headless: `mainspring mode paper`), deploy exactly this version there, and let it run for five exchange days without an error. The days are noted with the version, travel along with it, and count here.' },
};

/** The gates as they stand with what the form holds: limits are given together with the deployment, so a complete form passes theirs. */
export function withForm(gates: Gates, hasLimits: boolean): Gate[] {
  return gates.gates.map((gate) => (gate.gate === 'limits' && gate.state === 'open' && hasLimits ? { ...gate, state: 'passed', observed: 'Written in the form below.', remedy: null, action: 'none' } : gate));
}

/** Gates that still hinder. */
export function closedGates(gates: readonly Gate[]): Gate[] {
  return gates.filter(({ state }) => state === 'open' || state === 'failed');
}

/** "4 of 5 passed" without those that this market does not ask for. */
export function gatesCount(gates: readonly Gate[]): { passed: number; needed: number } {
  const needed = gates.filter(({ state }) => state !== 'not_needed');
  return { passed: needed.filter(({ state }) => state === 'passed').length, needed: needed.length };
}

/** Why the button waits; null = it does not. */
export function hindrance(of: { closed: readonly Gate[]; problems: number; isDirty: boolean; isKnown: boolean }): string | null {
  if (of.isDirty) return 'Save your changes as a version first: what is deployed is always a saved version.';
  if (!of.isKnown) return 'Source and gates are being looked at.';
  if (of.closed.length > 0) return `${counted(of.closed.length, 'gate')} ${of.closed.length === 1 ? 'is' : 'are'} closed: ${of.closed.map(({ title }) => title).join(', ')}.`;
  return of.problems > 0 ? `${counted(of.problems, 'field')} above ${of.problems === 1 ? 'needs' : 'need'} another value.` : null;
}
