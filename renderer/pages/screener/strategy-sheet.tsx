/** "Use as a strategy's universe": what would change is listed before it does. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Drawer, Select } from '@mantine/core';
import { UNIVERSE_MAX } from '#app/contracts/screener.ts';
import type { SavedScreen } from '#app/contracts/screener.ts';
import type { StrategyView } from '#app/contracts/views.ts';
import { isUnanswered, newKey } from '../../data/client.ts';
import { useAction, usePositions, useStrategies } from '../../data/queries.ts';
import { count, counted } from '../../ui/format.ts';
import { Answer, Empty } from '../../ui/kit.tsx';
import { universeChange } from './universe-change.ts';
import type { Ran } from './use-screen-run.ts';

const SHOWN = 60;

function Symbols({ title, symbols, tone }: { title: string; symbols: readonly string[]; tone: 'in' | 'out' | 'same' }): JSX.Element | null {
  if (symbols.length === 0) return null;
  return (
    <div className={`universe-part ${tone}`}>
      <h3>{title} <small className="num muted">{count(symbols.length)}</small></h3>
      <p>{symbols.slice(0, SHOWN).map((symbol) => <code key={symbol}>{symbol}</code>)}{symbols.length > SHOWN && <span className="muted">and {count(symbols.length - SHOWN)} more</span>}</p>
    </div>
  );
}

function Done({ answer, close }: { answer: { strategyId: string; symbols: readonly string[]; skipped: readonly { symbol: string; reason: string }[] }; close: () => void }): JSX.Element {
  return (
    <div className="stack" role="status">
      <p><strong>{answer.strategyId}</strong> now works on {counted(answer.symbols.length, 'symbol')}. What it worked on before stands in the audit trail.</p>
      <Symbols title="Its symbols" symbols={answer.symbols} tone="same" />
      {answer.skipped.length > 0 && <div className="universe-part"><h3>To know</h3><ul>{answer.skipped.slice(0, SHOWN).map(({ symbol, reason }) => <li key={symbol}><code>{symbol}</code> <span className="muted">{reason}</span></li>)}</ul></div>}
      <Button variant="default" onClick={close}>Close</Button>
    </div>
  );
}

/** What changes, in words and symbols. `found`: by the run on the page; null when it asked something else than what is saved. */
function Change({ strategy, found, matched }: { strategy: StrategyView; found: readonly string[] | null; matched: number }): JSX.Element {
  const positions = usePositions().data?.positions;
  if (found === null) return <p className="muted">What it finds is known when it runs; its present {counted(strategy.symbols.length, 'symbol')} are replaced by that, but for those that it holds.</p>;
  const holds = positions?.filter((position) => position.holders.some((holder) => holder.strategyId === strategy.strategyId && Number(holder.qty) !== 0)).map((position) => position.symbol) ?? [];
  const { enters, leaves, stays, held } = universeChange(strategy.symbols, found, holds);
  return (
    <>
      {matched > UNIVERSE_MAX && <p className="warn-text">The screen finds {count(matched)}; a strategy takes the first {count(UNIVERSE_MAX)} of them.</p>}
      <Symbols title="Come in" symbols={enters} tone="in" />
      <Symbols title="Leave" symbols={leaves} tone="out" />
      <Symbols title="Stay" symbols={stays} tone="same" />
      {enters.length + leaves.length === 0 && <p className="muted">It works on these symbols already.</p>}
      <Symbols title="Stay, because the strategy holds them" symbols={held} tone="same" />
      <p className="muted">Symbols that the broker does not trade are left out.</p>
    </>
  );
}

function Form({ screen, ran, strategies, close }: { screen: SavedScreen; ran: Ran | null; strategies: readonly StrategyView[]; close: () => void }): JSX.Element {
  const [strategyId, setStrategyId] = useState<string | null>(strategies.length === 1 ? (strategies[0]?.strategyId ?? null) : null);
  // One key for one wish: a press after "no answer" asks about the same.
  const [key, setKey] = useState(newKey);
  const action = useAction('screenToStrategy', [['strategies']]);
  const strategy = strategies.find((one) => one.strategyId === strategyId);
  if (action.data) return <Done answer={action.data} close={close} />;
  const choose = (next: string | null): void => {
    action.reset();
    setKey(newKey());
    setStrategyId(next);
  };
  return (
    <div className="stack universe-form">
      <p>The strategy works on the symbols that <strong>{screen.name}</strong> finds at the newest bars. They are looked for once, now; the strategy does not follow the screen by itself.</p>
      <Select label="Strategy" placeholder="Choose one" data={strategies.map((one) => ({ value: one.strategyId, label: `${one.name} · ${counted(one.symbols.length, 'symbol')}${one.isEnabled ? '' : ' · off'}` }))} value={strategyId} onChange={choose} />
      {strategy && <Change strategy={strategy} found={ran?.result.rows.map((row) => row.symbol) ?? null} matched={ran?.result.matched ?? 0} />}
      {strategy?.isEnabled === true && <p className="muted">It is enabled: from its next bar on it may raise signals for the new symbols. Every order still passes risk.</p>}
      {action.error !== null && <p className="switch-error" role="alert">{action.error.message}{isUnanswered(action.error) ? ' It may have happened: press again, it is done at most once.' : ''}</p>}
      <div className="sheet-buttons">
        <Button variant="default" onClick={close}>Cancel</Button>
        <Button disabled={!strategy} loading={action.isPending} onClick={() => { if (strategy) action.mutate({ screenId: screen.screenId, strategyId: strategy.strategyId, idempotencyKey: key }, { onError: (error) => { if (!isUnanswered(error)) setKey(newKey()); } }); }}>{strategy ? `Give these symbols to ${strategy.name}` : 'Give the symbols'}</Button>
      </div>
    </div>
  );
}

function Content({ screen, ran, close }: { screen: SavedScreen; ran: Ran | null; close: () => void }): JSX.Element {
  const query = useStrategies();
  return <Answer query={query}>{({ strategies }) => (strategies.length === 0 ? <Empty title="No strategy is there yet">Strategies are written on the author page and deployed from there.</Empty> : <Form screen={screen} ran={ran} strategies={strategies} close={close} />)}</Answer>;
}

/** The sheet. `ran`: the newest answer to what is saved; null = not known. */
export function StrategySheet({ screen, ran, close }: { screen: SavedScreen | null; ran: Ran | null; close: () => void }): JSX.Element {
  return (
    <Drawer opened={screen !== null} onClose={close} position="right" size={560} padding="md" shadow="xl" overlayProps={{ backgroundOpacity: 0.15 }} transitionProps={{ duration: 120 }} title={<span className="sheet-title">Use as a strategy’s universe</span>} classNames={{ body: 'sheet-body' }} closeButtonProps={{ 'aria-label': 'Close' }}>
      {screen && <Content key={screen.screenId} screen={screen} ran={ran} close={close} />}
    </Drawer>
  );
}
