/** On what the screen looks: which symbols, which bars, which day. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Popover, SegmentedControl, Select, Textarea, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconHistory, IconInfoCircle, IconListDetails } from '@tabler/icons-react';
import type { ScreenDefinition } from '#app/contracts/screener.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { TIMEFRAMES } from '#app/domain/time.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { specialDayName, sessionOn } from '#app/market/calendar.ts';
import { counted } from '../../ui/format.ts';
import { changeDraft, useDraft } from './page-state.ts';
import { AGO, dayAgo, dayWords, FIRST_DAY, isDay, stepDay, weekdayWords } from './past.ts';
import { symbolsIn } from './universe-change.ts';
import { useToday } from './use-today.ts';

const TIMEFRAME_NAMES: Readonly<Record<Timeframe, string>> = { '1Min': '1 minute', '5Min': '5 minutes', '15Min': '15 minutes', '1Hour': '1 hour', '1Day': '1 day' };
type Universe = ScreenDefinition['universe'];

function universeWords(universe: Universe): string {
  if (universe.kind === 'all') return 'All symbols';
  return universe.kind === 'watched' ? 'Watched symbols' : `List of ${counted(universe.symbols.length, 'symbol')}`;
}

function ListField({ universe, change }: { universe: Universe; change: (next: Universe) => void }): JSX.Element {
  const [text, setText] = useState(universe.kind === 'symbols' ? universe.symbols.join(' ') : '');
  const { symbols, refused } = symbolsIn(text, (word) => symbolSchema.safeParse(word).success);
  return (
    <>
      <Textarea size="xs" label="Symbols" description="Separated by spaces, commas or lines; pasting a list works." autosize minRows={3} maxRows={8} value={text} onChange={(event) => setText(event.currentTarget.value)} spellCheck={false} data-autofocus />
      {refused.length > 0 && <p className="warn-text">No tickers: {refused.slice(0, 6).join(', ')}{refused.length > 6 ? ` and ${refused.length - 6} more` : ''}</p>}
      <Button size="compact-sm" disabled={symbols.length === 0} onClick={() => change({ kind: 'symbols', symbols: symbols.slice(0, 10_000) })}>Look at {symbols.length === 0 ? 'these' : counted(symbols.length, 'symbol')}</Button>
    </>
  );
}

function UniverseChoice(): JSX.Element {
  const { universe } = useDraft();
  const [isOpen, setOpen] = useState(false);
  const [kind, setKind] = useState<Universe['kind']>(universe.kind);
  const change = (next: Universe): void => {
    changeDraft((now) => ({ ...now, universe: next }));
    setOpen(false);
  };
  const choose = (next: string): void => {
    setKind(next as Universe['kind']);
    if (next === 'all' || next === 'watched') change({ kind: next });
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} width={320} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target><Button size="compact-sm" variant="default" leftSection={<IconListDetails size={13} />} aria-label={`Universe: ${universeWords(universe)}`} onClick={() => { setKind(universe.kind); setOpen(!isOpen); }}>{universeWords(universe)}</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          <SegmentedControl size="xs" fullWidth aria-label="Which symbols" value={kind} onChange={choose} data={[{ value: 'all', label: 'All' }, { value: 'watched', label: 'Watched' }, { value: 'symbols', label: 'A list' }]} />
          {kind === 'all' && <p className="muted">Every symbol with stored bars of this width.</p>}
          {kind === 'watched' && <p className="muted">Those on the watch list, whose bars come in live.</p>}
          {kind === 'symbols' && <ListField universe={universe} change={change} />}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function setDay(asOf: string | null): void {
  changeDraft((now) => ({ ...now, asOf }));
}

function AsOfChoice(): JSX.Element {
  const { asOf } = useDraft();
  const today = useToday();
  const [isOpen, setOpen] = useState(false);
  const choose = (day: string | null): void => {
    setDay(day);
    setOpen(false);
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} width={272} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target><Button size="compact-sm" variant="default" className={asOf === null ? '' : 'past-button'} leftSection={<IconHistory size={13} />} aria-label={asOf === null ? 'As of: now' : `As of: ${dayWords(asOf)}`} onClick={() => setOpen(!isOpen)}>{asOf === null ? 'Now' : dayWords(asOf)}</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          <label className="day-field">As of the end of<input type="date" aria-label="As of day" data-autofocus min={FIRST_DAY} max={today} value={asOf ?? ''} onChange={(event) => { const day = event.currentTarget.value; if (day === '') setDay(null); else if (isDay(day) && day <= today) setDay(day); }} onKeyDown={(event) => { if (event.key === 'Enter') setOpen(false); }} /></label>
          {asOf !== null && sessionOn(asOf) === null && <p className="muted">{specialDayName(asOf) ?? 'A weekend'}: the session before it is looked at.</p>}
          <div className="day-picks">{(Object.keys(AGO) as (keyof typeof AGO)[]).map((ago) => <button key={ago} type="button" className="chip" onClick={() => choose(dayAgo(today, ago))}>{AGO[ago]}</button>)}{asOf !== null && <button type="button" className="chip" onClick={() => choose(null)}>Now</button>}</div>
          <p className="muted">Everything is worked out as it was known then; nothing later is looked at.</p>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The strip that says that the page shows the past, and a way through the days. */
export function PastBanner(): JSX.Element | null {
  const { asOf } = useDraft();
  const today = useToday();
  if (asOf === null) return null;
  const next = stepDay(asOf, 1);
  const isLast = next > today;
  return (
    <div className="past-banner" role="status">
      <IconHistory size={15} aria-hidden />
      <p><strong>As of {weekdayWords(asOf)}</strong>: nothing later was looked at.</p>
      <Tooltip multiline maw={340} label="Symbols whose bars were never stored are missing, and among them are companies that were delisted since: found in the past, what was left over looks better than it was."><span className="past-info" tabIndex={0} aria-label="Who is missing"><IconInfoCircle size={14} /> Survivors only</span></Tooltip>
      <span className="past-steps">
        <Tooltip label="The session before ([)"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="The session before" onClick={() => setDay(stepDay(asOf, -1))}><IconChevronLeft size={15} /></ActionIcon></Tooltip>
        <Tooltip label="The session after (])"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="The session after" disabled={isLast} onClick={() => setDay(next)}><IconChevronRight size={15} /></ActionIcon></Tooltip>
        <Button size="compact-xs" variant="default" onClick={() => setDay(null)}>Back to now</Button>
      </span>
    </div>
  );
}

/** The choices in a row. */
export function AskedBar(): JSX.Element {
  const { timeframe } = useDraft();
  return (
    <div className="asked-bar">
      <UniverseChoice />
      <Select size="xs" w={112} aria-label="Width of the bars" allowDeselect={false} value={timeframe} data={TIMEFRAMES.map((value) => ({ value, label: TIMEFRAME_NAMES[value] }))} onChange={(value) => changeDraft((now) => ({ ...now, timeframe: (value ?? '1Day') as Timeframe }))} />
      <AsOfChoice />
    </div>
  );
}
