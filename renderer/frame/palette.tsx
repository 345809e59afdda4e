/** Ctrl-K: pages, symbols and actions by name. */
import { useEffect, useMemo, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { Modal, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { IconSearch } from '@tabler/icons-react';
import { useSymbols } from '../data/queries.ts';
import { setUiState } from '../data/ui-state.ts';
import { hasShell } from '../shell/bridge.ts';
import { price } from '../ui/format.ts';
import { PAGES } from './pages.ts';
import { openSheet, setPalette, usePalette } from './panels.ts';

/** One line of the palette. */
export type PaletteEntry = { readonly id: string; readonly group: 'Pages' | 'Actions' | 'Symbols'; readonly name: string; readonly hint: string; run(): void };

const GROUPS: readonly PaletteEntry['group'][] = ['Symbols', 'Pages', 'Actions'];

/** Entries in which every typed word begins a word of name or hint; those whose name begins with it first, each group together. Pure; exported for its test. */
export function matchEntries(entries: readonly PaletteEntry[], query: string): PaletteEntry[] {
  const typed = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const first = typed[0];
  const words = (entry: PaletteEntry): string[] => `${entry.name} ${entry.hint}`.toLowerCase().split(/[^a-z0-9.]+/);
  const isNamed = (entry: PaletteEntry): boolean => first !== undefined && entry.name.toLowerCase().startsWith(first);
  const matching = entries.filter((entry) => typed.every((word) => words(entry).some((candidate) => candidate.startsWith(word))));
  const groups = first === undefined ? [...GROUPS.slice(1), 'Symbols' as const] : GROUPS;
  return groups.flatMap((group) => matching.filter((entry) => entry.group === group).sort((a, b) => Number(isNamed(b)) - Number(isNamed(a))));
}

function useEntries(query: string, isOpen: boolean): PaletteEntry[] {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const [typed] = useDebouncedValue(query, 120);
  const symbols = useSymbols(typed.trim().slice(0, 40), isOpen);
  return useMemo(() => {
    const scheme = (next: 'light' | 'dark' | 'system') => () => {
      setUiState({ scheme: next });
      setColorScheme(next === 'system' ? 'auto' : next);
    };
    const fixed: PaletteEntry[] = [
      ...PAGES.map(({ path, name, keys, about }): PaletteEntry => ({ id: path, group: 'Pages', name, hint: `${keys} · ${about}`, run: () => void navigate({ to: path }) })),
      { id: 'order', group: 'Actions', name: 'New order', hint: 'b', run: () => openSheet({ kind: 'ticket', start: {} }) },
      { id: 'panel', group: 'Actions', name: 'Can I trade now?', hint: 'health panel', run: () => openSheet({ kind: 'health' }) },
      { id: 'orders', group: 'Actions', name: 'Show open orders', hint: 'portfolio', run: () => { setUiState({ tab: 'orders', orderScope: 'open', isDeniedShown: false }); void navigate({ to: '/portfolio' }); } },
      { id: 'guide', group: 'Actions', name: 'First steps', hint: 'from a template to a first order', run: () => setUiState({ guide: 'open', isNavigationNarrow: false }) },
      { id: 'profile', group: 'Actions', name: 'Author profile', hint: 'who signs strategies and reports', run: () => openSheet({ kind: 'profile' }) },
      { id: 'about', group: 'Actions', name: 'About Mainspring', hint: 'author, versions, licences', run: () => openSheet({ kind: 'about' }) },
      { id: 'light', group: 'Actions', name: 'Light theme', hint: 'appearance', run: scheme('light') },
      { id: 'dark', group: 'Actions', name: 'Dark theme', hint: 'appearance', run: scheme('dark') },
      { id: 'system', group: 'Actions', name: 'Theme like the system', hint: 'appearance', run: scheme('system') },
    ];
    const own: PaletteEntry[] = hasShell ? [
      { id: 'application', group: 'Actions', name: 'Application settings', hint: 'Ctrl ,', run: () => openSheet({ kind: 'application', section: null }) },
      { id: 'market', group: 'Actions', name: 'Change market', hint: 'demo, paper, live', run: () => openSheet({ kind: 'application', section: 'market' }) },
      { id: 'keys', group: 'Actions', name: 'Broker keys', hint: 'Alpaca', run: () => openSheet({ kind: 'application', section: 'keys' }) },
      { id: 'updates', group: 'Actions', name: 'Updates', hint: 'application', run: () => openSheet({ kind: 'application', section: 'updates' }) },
    ] : [];
    const found = (symbols.data?.symbols ?? []).flatMap(({ symbol, name, lastPrice }): PaletteEntry[] => [
      { id: `symbol-${symbol}`, group: 'Symbols', name: symbol, hint: `${name} · ${price(lastPrice)} · chart`, run: () => void navigate({ to: '/analysis', search: { symbol } }) },
      { id: `order-${symbol}`, group: 'Actions', name: `Order ${symbol}`, hint: name, run: () => openSheet({ kind: 'ticket', start: { symbol } }) },
    ]);
    return [...fixed, ...own, ...found];
  }, [navigate, setColorScheme, symbols.data]);
}

/** The palette; closed it costs nothing. */
export function Palette(): JSX.Element {
  const isOpen = usePalette();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const entries = matchEntries(useEntries(query, isOpen), query).slice(0, 14);
  useEffect(() => setChosen(0), [query, isOpen]);
  const close = (): void => {
    setPalette(false);
    setQuery('');
  };
  const run = (entry: PaletteEntry | undefined): void => {
    if (!entry) return;
    close();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setChosen((now) => Math.max(0, Math.min(entries.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(entries[chosen]);
    }
  };
  return (
    <Modal opened={isOpen} onClose={close} withCloseButton={false} padding={0} size={560} yOffset="12vh" transitionProps={{ duration: 80 }} overlayProps={{ backgroundOpacity: 0.35 }} title={null}>
      <div className="palette" onKeyDown={onKeyDown}>
        <div className="palette-input"><IconSearch size={16} aria-hidden /><input value={query} onChange={(event) => setQuery(event.currentTarget.value)} placeholder="A symbol, a page, an action" aria-label="Search" data-autofocus spellCheck={false} role="combobox" aria-expanded aria-controls="palette-list" aria-activedescendant={entries[chosen] ? `palette-${entries[chosen].id}` : undefined} /></div>
        <ul id="palette-list" role="listbox">
          {entries.map((entry, n) => (
            <li key={entry.id} id={`palette-${entry.id}`} role="option" aria-selected={n === chosen} className={n === chosen ? 'chosen' : ''} onPointerMove={() => setChosen(n)} onClick={() => run(entry)}>
              <span className="palette-group">{entries[n - 1]?.group === entry.group ? '' : entry.group}</span><strong>{entry.name}</strong><span className="muted">{entry.hint}</span>
            </li>
          ))}
          {entries.length === 0 && <li className="muted">Nothing has this name. Symbols appear once data ingestion has stored them.</li>}
        </ul>
      </div>
    </Modal>
  );
}
