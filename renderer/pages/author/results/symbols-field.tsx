/** Which symbols a run trades: found by letters or name and kept as chips, or those of a saved screen. */
import { useRef, useState } from 'react';
import type { ClipboardEvent, JSX, KeyboardEvent } from 'react';
import { useDebouncedValue } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { MAX_BACKTEST_SYMBOLS } from '#app/contracts/backtest.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { useChartSymbols, useRoute } from '../../../data/queries.ts';
import { Choices } from './small-parts.tsx';

const TYPED_AFTER_MS = 100;
const SHOWN_MAX = 8;

/** Symbols out of pasted text. symbolsIn('aapl, msft;x') = ['AAPL', 'MSFT', 'X'] */
export function symbolsIn(text: string): readonly string[] {
  return [...new Set(text.toUpperCase().split(/[\s,;]+/).filter((word) => symbolSchema.safeParse(word).success))];
}

function Finder({ symbols, setSymbols }: { symbols: readonly string[]; setSymbols(symbols: readonly string[]): void }): JSX.Element {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [asked] = useDebouncedValue(text.trim().slice(0, 40), TYPED_AFTER_MS);
  const found = useChartSymbols(asked);
  const field = useRef<HTMLInputElement>(null);
  const rows = (found.data?.symbols ?? []).filter(({ symbol }) => !symbols.includes(symbol)).slice(0, SHOWN_MAX);
  const add = (more: readonly string[]): void => {
    setSymbols([...new Set([...symbols, ...more])].slice(0, MAX_BACKTEST_SYMBOLS));
    setText('');
    setChosen(0);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setChosen((now) => Math.max(0, Math.min(rows.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const row = rows[chosen];
      const isAnswered = asked.toUpperCase() === text.trim().toUpperCase() && !found.isPlaceholderData;
      if (row !== undefined && text.trim() !== '' && (isAnswered || chosen > 0)) add([row.symbol]);
      else if (symbolsIn(text).length > 0) add(symbolsIn(text));
    } else if (event.key === 'Backspace' && text === '') setSymbols(symbols.slice(0, -1));
  };
  const onPaste = (event: ClipboardEvent): void => {
    const pasted = symbolsIn(event.clipboardData.getData('text'));
    if (pasted.length < 2) return;
    event.preventDefault();
    add(pasted);
  };
  return (
    <>
      <div className="rs-chips" onClick={() => field.current?.focus()}>
        {symbols.map((symbol) => <span key={symbol} className="rs-chip">{symbol}<button type="button" aria-label={`Leave ${symbol} out`} onClick={() => setSymbols(symbols.filter((one) => one !== symbol))}><IconX size={11} aria-hidden /></button></span>)}
        <input ref={field} autoFocus value={text} onChange={(event) => { setText(event.currentTarget.value); setChosen(0); }} onKeyDown={onKeyDown} onPaste={onPaste} placeholder={symbols.length === 0 ? 'Symbol, name or sector' : 'Another'} aria-label="Add a symbol" spellCheck={false} autoComplete="off" />
      </div>
      <ul className="rs-found" role="listbox" aria-label="Symbols that were found">
        {rows.map((row, n) => <li key={row.symbol} role="option" aria-selected={n === chosen} className={n === chosen ? 'chosen' : ''} onPointerMove={() => setChosen(n)} onClick={() => add([row.symbol])}><strong>{row.symbol}</strong><span>{row.name}</span><small className="muted">{row.series.length === 0 ? 'no bars' : (row.sector ?? row.exchange)}</small></li>)}
        {rows.length === 0 && <li className="muted">{found.isLoading ? 'Looking' : found.error !== null ? 'The gateway does not answer. Type the symbol and press Enter.' : 'No other symbol, name or sector is like this.'}</li>}
      </ul>
    </>
  );
}

function Screens({ screenId, setScreen }: { screenId: string | null; setScreen(screenId: string): void }): JSX.Element {
  const query = useRoute('screens', ['screens'], {});
  const screens = query.data?.screens ?? [];
  return (
    <ul className="rs-found" role="listbox" aria-label="Saved screens">
      {screens.map((screen) => <li key={screen.screenId} role="option" aria-selected={screen.screenId === screenId} className={screen.screenId === screenId ? 'chosen' : ''} onClick={() => setScreen(screen.screenId)}><strong>{screen.name}</strong><span /><small className="muted">{screen.members === null ? 'not run yet' : `${screen.members} symbols`}</small></li>)}
      {screens.length === 0 && <li className="muted">{query.error === null ? 'No screen is saved yet: make one on the Screener page.' : 'The gateway does not answer.'}</li>}
    </ul>
  );
}

/** The field. */
export function SymbolsField({ symbols, screenId, change }: { symbols: readonly string[]; screenId: string | null; change(next: { symbols?: readonly string[]; screenId?: string | null }): void }): JSX.Element {
  const [from, setFrom] = useState<'symbols' | 'screen'>(screenId === null ? 'symbols' : 'screen');
  return (
    <>
      <Choices label="Where symbols come from" value={from} options={[['symbols', 'Symbols'], ['screen', 'A saved screen']]} onChange={(next) => { setFrom(next); if (next === 'symbols') change({ screenId: null }); }} />
      {from === 'symbols' ? <Finder symbols={symbols} setSymbols={(next) => change({ symbols: next, screenId: null })} /> : <Screens screenId={screenId} setScreen={(next) => change({ screenId: next })} />}
      {from === 'screen' && <p className="rs-note">Its symbols of now are traded over the whole span: winners of today are among them. The verdict says what that does.</p>}
    </>
  );
}
