/** Versions, and the licences of everything that is shipped, with search and text. */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import type { About } from '#app/contracts/shell.ts';
import { Logo } from '../frame/logo.tsx';
import { hasShell } from '../shell/bridge.ts';
import { useAbout, useShellAction } from '../shell/shell-queries.ts';
import { Answer, Empty } from '../ui/kit.tsx';

type Licence = About['licences'][number];

/** Licences whose name, version or kind has every typed word. Pure; exported for its test. */
export function findLicences(licences: readonly Licence[], query: string): Licence[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return licences.filter((row) => words.every((word) => `${row.name} ${row.version} ${row.licence}`.toLowerCase().includes(word)));
}

function Row({ row }: { row: Licence }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <li className={isOpen ? 'licence open' : 'licence'}>
      <UnstyledButton aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}><IconChevronRight size={13} aria-hidden /><strong>{row.name}</strong><span className="num muted">{row.version}</span><span className="muted">{row.licence}</span></UnstyledButton>
      {isOpen && <pre className="exit-lines" tabIndex={0} aria-label={`Licence of ${row.name}`}>{row.text}</pre>}
    </li>
  );
}

function Licences({ licences }: { licences: readonly Licence[] }): JSX.Element {
  const [query, setQuery] = useState('');
  const found = useMemo(() => findLicences(licences, query), [licences, query]);
  return (
    <section className="licences">
      <TextInput value={query} onChange={(event) => setQuery(event.currentTarget.value)} placeholder={`Search ${licences.length} licences`} aria-label="Search licences" leftSection={<IconSearch size={14} />} spellCheck={false} />
      {found.length === 0 ? <Empty title={licences.length === 0 ? 'No list' : 'Nothing of this name'}>{licences.length === 0 ? 'The list of licences is made when the application is built; this one runs from its sources.' : 'Search by name, version or kind of licence: postgres, 18, MIT.'}</Empty> : <ul>{found.map((row) => <Row key={`${row.name}@${row.version}`} row={row} />)}</ul>}
    </section>
  );
}

function Versions({ about }: { about: About }): JSX.Element {
  const link = useShellAction('openLink');
  const facts = [['Electron', about.electron], ['Chromium', about.chromium], ['Node.js', about.node], ['System', about.platform]] as const;
  return (
    <>
      <header className="about-head"><Logo size={44} /><div><h2>Mainspring {about.version}</h2><p className="muted">A complete algorithmic-trading system for one person and one PC. <UnstyledButton className="link" onClick={() => link.mutate({ link: 'project' })}>Project page</UnstyledButton></p></div></header>
      <dl className="facts grid">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="num">{value}</dd></div>)}</dl>
      <p className="muted about-note">Built from the work of many others. Their licences:</p>
      <Licences licences={about.licences} />
    </>
  );
}

/** The sheet. */
export function AboutSheet(): JSX.Element {
  const query = useAbout();
  if (!hasShell) return <Empty title="In the application only">The list of versions and licences comes with the desktop application.</Empty>;
  return <div className="about"><Answer query={query}>{(about) => <Versions about={about} />}</Answer></div>;
}
