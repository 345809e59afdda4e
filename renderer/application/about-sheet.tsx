/** Who writes strategies here, the product with its versions, and the licences of everything that is shipped, with search and text. */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import type { About } from '#app/contracts/shell.ts';
import { Logo } from '../frame/logo.tsx';
import { hasShell } from '../shell/bridge.ts';
import { useRoute } from '../data/queries.ts';
import { useSession } from '../data/session.ts';
import { openSheet } from '../frame/panels.ts';
import { useAbout, useShellAction } from '../shell/shell-queries.ts';
import { Answer, Empty } from '../ui/kit.tsx';
import { AuthorSignature } from './author-signature.tsx';
import { EMPTY_PROFILE } from './profile-form.ts';

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

/** What it stands on, in the order in which a decision passes through it. */
const STANDS_ON = [['PostgreSQL', 'the book: every order, fill and decision'], ['Redis', 'the road between the services'], ['Node.js', 'the services'], ['QuickJS', 'the sandbox of strategies that are written here'], ['React and Plotly', 'what you look at'], ['Electron', 'the window']] as const;

/** In a browser: the product in the words of the gateway that serves it; the licences come with the desktop application. */
function Product(): JSX.Element {
  const version = useSession()?.version ?? '';
  return (
    <>
      <header className="about-head"><Logo size={44} /><div><h2>Mainspring {version}</h2><p className="muted">A complete algorithmic-trading system for one person and one PC. MIT licence.</p></div></header>
      <p className="muted about-note">The versions and licences of everything inside stand here in the desktop application.</p>
    </>
  );
}

/** Who writes strategies here. */
function Author(): JSX.Element {
  const query = useRoute('authorProfile', ['authorProfile'], {}, { everyMs: 60_000, isEnabled: useSession() !== null });
  const profile = query.data?.profile ?? null;
  return (
    <section className="about-author">
      <h3>Strategies by</h3>
      <AuthorSignature profile={profile ?? EMPTY_PROFILE} />
      <UnstyledButton className="link" onClick={() => openSheet({ kind: 'profile' })}>{profile === null ? 'Write an author profile' : 'Change the author profile'}</UnstyledButton>
    </section>
  );
}

function Shipped(): JSX.Element {
  const query = useAbout();
  return <Answer query={query}>{(about) => <Versions about={about} />}</Answer>;
}

/** The sheet. */
export function AboutSheet(): JSX.Element {
  const hasAuthor = useSession() !== null;
  return (
    <div className="about">
      {hasShell ? <Shipped /> : <Product />}
      {hasAuthor && <Author />}
      <dl className="about-stands" aria-label="What it stands on">{STANDS_ON.map(([name, what]) => <div key={name}><dt>{name}</dt><dd className="muted">{what}</dd></div>)}</dl>
    </div>
  );
}
