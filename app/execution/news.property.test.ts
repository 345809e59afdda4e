/** Every permutation of up to six pieces of news, with repetitions and from both sources, ends in the same state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { price, quantity, ZERO_QUANTITY, type Quantity } from '#app/domain/numeric.ts';
import { newOrderState } from '#app/domain/order.ts';
import { epochMs } from '#app/domain/time.ts';
import { afterPlan, foldEvents, planNews, type Doubt, type LocalOrder, type News, type NewsKind } from './news.ts';
import { invariant } from '#app/domain/errors.ts';

const sent = (): LocalOrder => {
  const state = foldEvents(newOrderState(quantity('10')), [{ kind: 'submitted' }]);
  invariant(state, 'submitted follows initialized');
  return { state, fills: [], lastCancelNewsAt: null, isKnownToBroker: false };
};
const take = (history: readonly News[]): { local: LocalOrder; doubts: Doubt[] } => {
  let local = sent();
  const doubts: Doubt[] = [];
  for (const news of history) {
    const plan = planNews(local, news);
    if (plan.doubt) doubts.push(plan.doubt);
    local = afterPlan(local, news, plan);
  }
  return { local, doubts };
};
const restated = (at: number, qty: string, filled = '0'): News => ({ ...status('restated', at, filled), qty: quantity(qty) });
const status = (kind: NewsKind, at: number, filled = '0'): News => ({ kind, at: epochMs(at), filledQty: quantity(filled), execution: null });
const fill = (id: string, at: number, [qty, cum]: readonly [string, string], dollars = '100.01'): News =>
  ({ kind: 'fill', at: epochMs(at), filledQty: quantity(cum), execution: { id, qty: quantity(qty), price: price(dollars), cumQty: quantity(cum), source: 'stream' } });

const HISTORIES: Readonly<Record<string, readonly News[]>> = {
  'filled at once': [status('accepted', 1), fill('e1', 2, ['10', '10'])],
  'filled in parts': [status('accepted', 1), fill('e1', 2, ['3', '3']), fill('e2', 3, ['3', '6'], '99.97'), fill('e3', 4, ['4', '10'])],
  'canceled after a part': [status('accepted', 1), fill('e1', 2, ['4', '4']), status('cancel_requested', 3, '4'), status('canceled', 4, '4')],
  'fills won the race against a cancel': [status('accepted', 1), status('cancel_requested', 2), fill('e1', 3, ['6', '6']), fill('e2', 4, ['4', '10']), status('cancel_rejected', 5, '10')],
  'a cancel was refused': [status('accepted', 1), status('cancel_requested', 2), status('cancel_rejected', 3), fill('e1', 4, ['1', '1'])],
  'a late fill after the cancel': [status('accepted', 1), status('cancel_requested', 2), status('canceled', 4), fill('e1', 3, ['2', '2']), fill('e2', 3, ['2', '4'])],
  'expired': [status('accepted', 1), fill('e1', 2, ['1', '1']), status('expired', 3, '1')],
  'rejected later': [status('accepted', 1), status('rejected', 2)],
  'replaced elsewhere': [status('accepted', 1), status('replaced', 2)],
  'replaced on request': [status('accepted', 1), status('replace_requested', 2), status('replaced', 3)],
  'replaced after a part, with a fill told late': [status('accepted', 1), fill('e1', 2, ['3', '3']), status('replace_requested', 3, '3'), fill('e2', 4, ['2', '5']), status('replaced', 5, '5')],
  'fills won the race against a replace': [status('accepted', 1), status('replace_requested', 2), fill('e1', 3, ['6', '6']), fill('e2', 4, ['4', '10']), status('replace_rejected', 5, '10')],
  'a replace was refused late': [status('accepted', 1), status('replace_requested', 2), status('replace_rejected', 3), fill('e1', 4, ['1', '1'])],
  'a replace was refused, then a cancel came': [status('accepted', 1), status('replace_requested', 2), status('replace_rejected', 3), status('cancel_requested', 4), status('canceled', 5)],
  'canceled while it was being replaced': [status('accepted', 1), status('replace_requested', 2), status('cancel_requested', 3), status('canceled', 4)],
  'replaced while a cancel was under way': [status('accepted', 1), status('replace_requested', 2), status('cancel_requested', 3), status('replaced', 4)],
  'a leg that waited and worked': [status('held', 1), status('accepted', 2), fill('e1', 3, ['4', '4']), fill('e2', 4, ['6', '10'])],
  'a leg that waited and ended with its sibling': [status('held', 1), status('canceled', 2)],
  'a leg that shrank as its sibling filled': [status('held', 1), restated(2, '7'), restated(3, '2'), { ...status('canceled', 4), qty: quantity('2') }],
  'a leg that shrank, worked and filled': [status('held', 1), restated(2, '7'), status('accepted', 3), fill('e1', 4, ['3', '3']), fill('e2', 5, ['4', '7'])],
  'a leg that shrank to what it had filled': [status('accepted', 1), fill('e1', 2, ['4', '4']), restated(3, '4', '4')],
};

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length <= 1) yield [...items];
  for (const [index, item] of items.entries()) for (const rest of permutations([...items.slice(0, index), ...items.slice(index + 1)])) yield [item, ...rest];
}
const face = (local: LocalOrder) => ({ status: local.state.status, qty: local.state.qty.toString(), filledQty: local.state.filledQty.toString(), fills: local.fills.map((one) => one.cumQty.toString()).sort() });
const total = (local: LocalOrder): Quantity => local.fills.reduce((sum, one) => sum.plus(one.qty) as Quantity, ZERO_QUANTITY);

describe('news', () => {
  it.each(Object.entries(HISTORIES))('%s: every order of arrival, every single repetition', (_, history) => {
    const expected = face(take(history).local);
    for (const order of permutations(history)) {
      const { local } = take(order);
      expect(face(local)).toEqual(expected);
      expect(total(local).eq(local.state.filledQty)).toBe(true);
      for (const again of history) expect(face(take([...order, again]).local)).toEqual(expected);
    }
  });

  it('any shuffling of a history told twice, half of it by the activities, ends the same', () => {
    const names = Object.keys(HISTORIES);
    fc.assert(fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.nat()), (name, noise) => {
      const history = HISTORIES[name] ?? [];
      const activity = (news: News): News => (news.execution ? { ...news, execution: { ...news.execution, id: `other-${news.execution.id}`, source: 'activity' } } : news);
      const told = [...history, ...history.map(activity), ...history].map((news) => ({ news, key: Number(noise.next().value) }));
      const shuffled = told.sort((a, b) => a.key - b.key).map(({ news }) => news);
      expect(face(take(shuffled).local)).toEqual(face(take(history).local));
    }), { numRuns: 500 });
  });

  it('averages the same to within a nano-dollar a fill, whatever the order of arrival', () => {
    const history = HISTORIES['filled in parts'] ?? [];
    const averages = [...permutations(history)].map((order) => Number(take(order).local.state.avgFillPrice?.toString()));
    expect(Math.max(...averages) - Math.min(...averages)).toBeLessThanOrEqual(3e-9);
  });

  it('doubts what cannot be: more filled than ordered, two different ends, an unknown word, a known gap', () => {
    expect(take([fill('e1', 1, ['6', '6']), fill('e2', 2, ['6', '12'])]).doubts).toContain('contradiction');
    expect(take([status('accepted', 1), status('canceled', 2), status('expired', 3)]).doubts).toEqual(['contradiction']);
    expect(take([{ ...status('accepted', 1), kind: null }]).doubts).toEqual(['unknown_word']);
    expect(take([fill('e2', 2, ['4', '10'])]).doubts).toEqual(['fills_missing']);
  });

  it('doubts news of an order that we closed before the broker ever knew it', () => {
    const state = foldEvents(sent().state, [{ kind: 'canceled' }]);
    invariant(state, 'canceled follows submitted');
    expect(planNews({ ...sent(), state }, status('accepted', 1)).doubt).toBe('contradiction');
    expect(planNews({ ...sent(), state, isKnownToBroker: true }, status('accepted', 1)).doubt).toBeNull();
  });

  it('never lets a late word of replacing or of cancelling undo what came after it', () => {
    const { local } = take([status('replace_rejected', 3), status('replace_requested', 2), status('cancel_rejected', 5), status('cancel_requested', 4)]);
    expect(local.state.status).toBe('accepted');
  });

  it('does not let a leg that works wait again, and enlarges no order', () => {
    expect(take([status('accepted', 2), status('held', 1)]).local.state.status).toBe('accepted');
    expect(take([status('accepted', 1), restated(2, '12')]).local.state.qty.toString()).toBe('10');
  });

  it('doubts a quantity smaller than what was filled', () => {
    expect(take([fill('e1', 1, ['6', '6']), restated(2, '5', '6')]).doubts).toContain('contradiction');
  });

  it('books two executions with the same numbers on one stream as two', () => {
    const { local } = take([fill('e1', 1, ['2', '2']), fill('e2', 1, ['2', '2'])]);
    expect(local.state.filledQty.toString()).toBe('4');
  });
});
