/** What the limits and the sizing of a strategy mean, in sentences with dollars. Pure. */
import { money as exactMoney, price as exactPrice } from '#app/domain/numeric.ts';
import { sizeEntry, sizingSchema } from '#app/domain/sizing.ts';
import { count, money, percent } from '../../../ui/format.ts';
import { sizingOf } from './deploy-draft.ts';
import type { AccountFrame, LimitsDraft, SizingDraft } from './deploy-draft.ts';

const dollars = (value: string | number): string => `${money(value, { decimals: 0 })} USD`;
const isAmount = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text)) && Number(text) > 0;

function share(text: string, account: AccountFrame | null): string {
  return account === null || account.equity <= 0 ? '' : ` (${percent(Number(text) / account.equity, { signed: false, decimals: 1 })} of the account)`;
}

/** One sentence for each limit: what happens when it is reached. Empty while the field holds no number. */
export function limitEffects(limits: LimitsDraft, account: AccountFrame | null): Record<keyof LimitsDraft, string> {
  return {
    maxNotional: isAmount(limits.maxNotional) ? `An entry that would bring it above ${dollars(limits.maxNotional)}${share(limits.maxNotional, account)} is denied; exits always pass.` : '',
    maxOrdersPerDay: isAmount(limits.maxOrdersPerDay) ? `After ${count(Number(limits.maxOrdersPerDay))} approved entries on one exchange day it may only reduce.` : '',
    maxDailyLoss: isAmount(limits.maxDailyLoss) ? `When it has lost ${dollars(limits.maxDailyLoss)}${share(limits.maxDailyLoss, account)} since the session began, it is paused; what it holds stays held.` : '',
    maxErrors: isAmount(limits.maxErrors) ? `After ${count(Number(limits.maxErrors))} ${Number(limits.maxErrors) === 1 ? 'error' : 'errors in a row'} it is paused and you are told.` : '',
  };
}

/** An example share, where no real one is at hand: dollars, and an average range of two. */
const EXAMPLE = { price: '100', range: '2', equity: '100000' } as const;

/** What the sizing gives for an example share, with the arithmetic of the sizing itself; null while something is not a number. */
export function sizingExample(sizing: SizingDraft, account: AccountFrame | null): string | null {
  const parsed = sizingSchema.safeParse(sizingOf(sizing));
  if (!parsed.success) return null;
  const equity = account !== null && account.equity > 0 ? String(account.equity) : EXAMPLE.equity;
  const { why } = sizeEntry(parsed.data, { equity: exactMoney(equity), price: exactPrice(EXAMPLE.price), atr: exactPrice(EXAMPLE.range) });
  return `For a share at ${dollars(EXAMPLE.price)}${parsed.data.method === 'atr_risk' ? ` with an average true range of ${dollars(EXAMPLE.range)}` : ''}: ${why}.`;
}
