/** Rules about what is to be held: quantities, exits that are on their way, orders across, short sales. */
import { addQuantity, Decimal, toText, ZERO_QUANTITY, type Quantity } from '#app/domain/numeric.ts';
import { equityOf, ordersAcross } from './book.ts';
import { dollars, type Question, type Rule, type Verdict } from './rule.ts';
import { ordersOfShare } from './target.ts';

/** Brokers lend shares to accounts of this equity at least, dollars. */
const SHORT_EQUITY = new Decimal(2_000);

/** A target that says how many shares takes the place of everything that is open for its share: that ends first. Where the shares are held as wanted, their exits may stay. */
function othersPending({ book, proposal }: Question): Verdict | null {
  const open = ordersOfShare(book, proposal.strategyId, proposal.symbol);
  const { purpose, desired, qty } = proposal;
  if (purpose === 'enter' && desired?.isZero() === false && qty.isZero() && open.every(({ role }) => role !== 'order')) return null;
  const shares = open.reduce((sum, order) => addQuantity(sum, order.countedQty), ZERO_QUANTITY);
  return {
    passed: open.length === 0,
    words: () => ({
      threshold: 'no open order of the share', observed: toText(shares), wouldPass: 'the same target when they have closed',
      because: `Orders of the strategy in ${proposal.symbol} are still open. What rests is being cancelled; the new target follows when they have closed.`,
    }),
  };
}

function exitPending(question: Question): Verdict | null {
  const { proposal, share } = question;
  if (proposal.purpose === 'manual' || proposal.purpose === 'replace') return null;
  if (proposal.desired !== null) return othersPending(question);
  if (proposal.purpose === 'enter') {
    return { passed: share.exiting.isZero(), words: () => ({ threshold: '0', observed: toText(share.exiting), because: `An exit of ${toText(share.exiting)} ${proposal.symbol} is still open; entering now would cross it.`, wouldPass: 'the same order when the exit has closed' }) };
  }
  if (share.held.isZero() && share.entering.isZero()) return null;
  if (proposal.asked !== null && share.free.gt(0)) return { passed: true, words: () => ({ threshold: 'free shares', observed: toText(share.free), because: '', wouldPass: null }) };
  const because = share.entering.gt(0)
    ? `An entry into ${proposal.symbol} is still open. It is being cancelled; what it filled is sold when it has closed.`
    : share.exiting.gt(0)
      ? `The ${proposal.symbol} shares are already in open closing orders.`
      : `The account holds fewer ${proposal.symbol} than this share says, or open orders of others take them. Cancel those, or reconcile, before closing it.`;
  return { passed: share.entering.isZero() && share.free.gt(0), words: () => ({ threshold: 'free shares, no open entry', observed: toText(share.free), because, wouldPass: null }) };
}

/** No order may take more than is there: what closes a share closes free shares, and nothing goes through zero to the other side. */
function shortSale(question: Question): Verdict | null {
  const { book, proposal, share } = question;
  const { side, symbol, qty, purpose, isReducing } = proposal;
  const account = book.positions.get(symbol) ?? ZERO_QUANTITY;
  const may = share.closingSide === side ? share.free : ZERO_QUANTITY;
  if (purpose === 'exit') {
    const { asked } = proposal;
    if (asked === null) return null;
    return { passed: isReducing, words: () => ({ threshold: toText(share.free), observed: toText(asked), because: `Only ${toText(share.free)} ${symbol} of this share are free to be closed.`, wouldPass: share.free.gt(0) ? `at most ${toText(share.free)} shares` : null }) };
  }
  const atMost = (): string | null => (may.gt(0) ? `at most ${toText(may)} shares` : null);
  if (side === 'buy') {
    if (isReducing || !account.isNegative()) return null;
    return { passed: false, words: () => ({ threshold: toText(may), observed: toText(qty), because: `The account is short ${toText(account.abs())} ${symbol}: one order cannot close that and open a long position.`, wouldPass: atMost() }) };
  }
  const fail = (because: string, wouldPass: string | null = atMost()): Verdict => ({ passed: false, words: () => ({ threshold: toText(may), observed: toText(qty), because, wouldPass }) });
  if (isReducing) return { passed: true, words: () => ({ threshold: toText(may), observed: toText(qty), because: '', wouldPass: null }) };
  if (!book.limits.allowShort) {
    return fail(proposal.strategyId === null
      ? `Only ${toText(may)} ${symbol} bought by hand can be sold; selling short is not allowed. Close a strategy's position with Flatten.`
      : `The strategy has ${toText(may)} ${symbol} to sell; selling short is not allowed. It can be allowed in the risk limits.`);
  }
  if (account.gt(0)) return fail(`The account holds ${toText(account)} ${symbol}: one order cannot close a long position and sell short.`);
  if (book.assets.get(symbol)?.isShortable !== true) return fail(`The broker does not lend ${symbol}.`);
  if (!qty.isInteger()) return fail('Only whole shares can be sold short.', qty.floor().gt(0) ? `${toText(qty.floor())} shares` : null);
  const equity = equityOf(book, question.market);
  if (equity.lt(SHORT_EQUITY)) return fail(`Short sales need an equity of ${dollars(SHORT_EQUITY)}; the account has ${dollars(equity)}.`, null);
  return { passed: true, words: () => ({ threshold: 'short sales are allowed', observed: toText(qty), because: '', wouldPass: null }) };
}

/** Quantities and what is open already. */
export const TARGET_RULES: readonly Rule[] = [
  {
    name: 'at_least_one_share', code: 'QUANTITY_ZERO', unit: 'shares',
    ask: ({ proposal }) => {
      const { referencePrice } = proposal;
      if (proposal.purpose === 'exit' || referencePrice === null || (proposal.desired?.isZero() === false && proposal.qty.isZero())) return null;
      const isEntry = proposal.purpose === 'enter';
      return { passed: proposal.qty.gt(0), words: () => ({ threshold: isEntry ? '1' : '0', observed: toText(proposal.qty), because: `The sizing gives no whole share: ${proposal.sizing ?? 'no sizing'}.`, wouldPass: isEntry ? `a sizing of ${dollars(referencePrice)} at least` : null }) };
    },
  },
  {
    name: 'something_to_exit', code: 'NOTHING_TO_EXIT', unit: 'shares',
    ask: ({ proposal, share }) => {
      if (proposal.purpose !== 'exit') return null;
      const isEntering = share.entering.gt(0);
      return { passed: !share.held.isZero() || isEntering, words: () => ({ threshold: 'more than 0', observed: toText(share.held), because: `There is no position in ${proposal.symbol} to close.`, wouldPass: null }) };
    },
  },
  { name: 'no_exit_pending', code: 'EXIT_PENDING', unit: 'shares', ask: exitPending },
  {
    name: 'target_not_held', code: 'TARGET_ALREADY_HELD', unit: 'shares',
    ask: ({ proposal, share }) => {
      if (proposal.purpose !== 'enter') return null;
      const { desired } = proposal;
      if (desired !== null) {
        return { passed: proposal.qty.gt(0), words: () => ({ threshold: toText(desired), observed: toText(share.held), because: `The strategy already holds ${toText(share.held)} ${proposal.symbol}, as wanted.`, wouldPass: null }) };
      }
      const has = addQuantity(share.held.abs() as Quantity, share.entering);
      if (proposal.side === 'sell') return { passed: has.isZero(), words: () => ({ threshold: '0', observed: toText(has), because: `The strategy already owes or is selling short ${toText(has)} ${proposal.symbol}.`, wouldPass: 'the same order when the position is flat' }) };
      return { passed: has.isZero(), words: () => ({ threshold: '0', observed: toText(has), because: `The strategy already holds or is buying ${toText(has)} ${proposal.symbol}.`, wouldPass: 'the same order when the position is flat' }) };
    },
  },
  {
    name: 'replaceable', code: 'ORDER_NOT_REPLACEABLE', unit: 'state',
    ask: ({ proposal }) => {
      if (proposal.replacing === null) return null;
      const { obstacle } = proposal.replacing;
      return { passed: obstacle === null, words: () => ({ threshold: 'an open order that the broker can change', observed: obstacle === null ? 'open' : 'not changeable', because: obstacle ?? '', wouldPass: null }) };
    },
  },
  {
    name: 'no_opposite_order', code: 'OPPOSITE_ORDER_OPEN', unit: 'shares',
    ask: ({ book, proposal }) => {
      if (proposal.qty.isZero()) return null;
      const across = ordersAcross(book, proposal).reduce((sum, order) => addQuantity(sum, order.openQty), ZERO_QUANTITY);
      const opposite = proposal.side === 'buy' ? 'sell' : 'buy';
      const then = proposal.purpose === 'exit' ? 'The exit follows when it has closed.' : 'Cancel it, or wait until it has closed.';
      return { passed: across.isZero(), words: () => ({ threshold: '0', observed: toText(across), because: `An open order to ${opposite} ${toText(across)} ${proposal.symbol} would trade against this one, which brokers refuse. ${then}`, wouldPass: 'the same order when that one has closed, or a limit that does not meet it' }) };
    },
  },
  { name: 'no_short', code: 'SHORT_NOT_ALLOWED', unit: 'shares', ask: shortSale },
];
