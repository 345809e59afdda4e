/** How pages look: theme, colours of gain and loss, density, numbers, times. Counts at once, here and in every window of this installation. */
import type { JSX } from 'react';
import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { setUiState, useUiState } from '../../data/ui-state.ts';
import type { UiState } from '../../data/ui-state.ts';
import { marketDayTime, money, percent } from '../../ui/format.ts';
import { useNow } from '../../data/clock.ts';
import { matches } from './search.ts';
import { SettingRow } from './setting-row.tsx';

const FIELDS = [
  { field: 'scheme', title: 'Theme', effect: 'Light, dark, or as the system is.', fallback: 'Like the system', choices: [['light', 'Light'], ['dark', 'Dark'], ['system', 'System']] },
  { field: 'palette', title: 'Gain and loss', effect: 'Green and red, or blue and orange for eyes that do not part green from red. Sign and arrow say the same.', fallback: 'Green and red', choices: [['standard', 'Green, red'], ['colour_blind', 'Blue, orange']] },
  { field: 'density', title: 'Density', effect: 'Height of the rows in tables: 28 or 24 pixels.', fallback: 'Comfortable', choices: [['comfortable', 'Comfortable'], ['compact', 'Compact']] },
  { field: 'numbers', title: 'Numbers', effect: 'What parts thousands and decimals. Files keep the point.', fallback: '1,234.56', choices: [['comma', '1,234.56'], ['point', '1.234,56'], ['space', '1 234,56']] },
  { field: 'zone', title: 'Times', effect: 'Times of the market in New York, or on your own clock. The other one stands on hover. Days are always sessions of the exchange.', fallback: 'New York', choices: [['market', 'New York'], ['local', 'Here']] },
] as const satisfies readonly { field: keyof UiState; title: string; effect: string; fallback: string; choices: readonly (readonly [string, string])[] }[];

function Choice<F extends (typeof FIELDS)[number]>({ row }: { row: F }): JSX.Element {
  const value = useUiState(row.field);
  const { setColorScheme } = useMantineColorScheme();
  const choose = (next: string): void => {
    setUiState({ [row.field]: next });
    if (row.field === 'scheme') setColorScheme(next === 'light' || next === 'dark' ? next : 'auto');
  };
  return (
    <SettingRow title={row.title} effect={row.effect} fallback={row.fallback} undo={null}>
      <SegmentedControl size="xs" aria-label={row.title} value={value} onChange={choose} data={row.choices.map(([key, label]) => ({ value: key, label }))} />
    </SettingRow>
  );
}

/** The section. */
export function AppearanceSection({ search }: { search: string }): JSX.Element {
  const now = useNow();
  return (
    <>
      <p className="muted se-intro">Counts at once. As it looks now: <b className="num">{money('-1234567.891', { signed: true })}</b>, <b className="num">{percent(0.01234)}</b>, <b className="num">{marketDayTime(now)}</b></p>
      {FIELDS.filter((row) => matches(search, row.title, row.effect)).map((row) => <Choice key={row.field} row={row} />)}
    </>
  );
}
