/** Sections whose settings have a home of their own: what stands there now, and the way to it. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useDeployments } from '../../data/flow-queries.ts';
import { useAction, useRoute } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { KeysSection } from '../../application/keys-section.tsx';
import { LiveSection } from '../../application/live-section.tsx';
import { MarketSection } from '../../application/market-section.tsx';
import { SystemSection } from '../../application/application-sheet.tsx';
import { UpdatesSection } from '../../application/updates-section.tsx';
import { hasShell } from '../../shell/bridge.ts';
import { usePreferences } from '../../shell/shell-queries.ts';
import { useShellStatus } from '../../shell/shell-status.ts';
import { Answer, Empty, MarketTime, Tag } from '../../ui/kit.tsx';
import { count, counted } from '../../ui/format.ts';
import { AccountsInBrowser } from './accounts-in-browser.tsx';
import { matches } from './search.ts';
import { SettingRow } from './setting-row.tsx';

/** The market and its keys: changed in the window, told and tested in a browser. */
export function AccountsSection(): JSX.Element {
  const status = useShellStatus();
  if (status === null) return <AccountsInBrowser />;
  return <div className="application"><MarketSection status={status} isTarget={false} />{status.mode === 'live' && <LiveSection status={status} isTarget={false} />}<KeysSection isTarget={false} /></div>;
}

/** Flows with their schedule; each opens its own settings. */
export function SchedulesSection({ search }: { search: string }): JSX.Element {
  const query = useDeployments();
  return (
    <Answer query={query}>
      {({ deployments }) => (
        <table className="data-table se-table">
          <thead><tr><th>Flow</th><th>Runs</th><th>Next</th><th /></tr></thead>
          <tbody>
            {deployments.filter((row) => matches(search, row.name, row.owner, row.scheduleText ?? '', row.description)).map((row) => (
              <tr key={row.name}>
                <td title={row.description}>{row.name}{row.isCustom && <Tag>changed</Tag>}{row.isPaused && <Tag tone="warn">paused</Tag>}</td>
                <td>{row.scheduleText ?? <span className="muted">on demand{row.events.length > 0 ? `; ${row.events.join(', ')}` : ''}</span>}</td>
                <td><MarketTime at={row.nextRunsAt[0] ?? null} withDay /></td>
                <td className="number"><button type="button" className="link-button" aria-label={`Change the schedule of ${row.name}`} onClick={() => openSheet({ kind: 'flow', flow: row.name, view: 'settings' })}>Change…</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Answer>
  );
}

/** What is followed and stored, with the way to where it is changed. */
export function DataSection(): JSX.Element {
  const universe = useRoute('universe', ['universe', 'settings'], {});
  const storage = useRoute('storage', ['storage'], {});
  return (
    <>
      <SettingRow title="Followed symbols" effect="Bars of these are read as they come, and strategies on every followed symbol trade them." fallback={null} undo={null}>
        <Answer query={universe}>{(data) => <b className="num">{counted(data.watchedTotal, 'symbol')}</b>}</Answer> <Link className="link" to="/data" search={{ tab: 'universe' }}>Choose symbols</Link>
      </SettingRow>
      <SettingRow title="Stored bars" effect="Older months become files, by the retention of each width; charts, screens and back-tests read them where they lie." fallback={null} undo={null}>
        <Answer query={storage}>{(data) => <b className="num">{count(data.widths.length)} widths</b>}</Answer> <Link className="link" to="/data" search={{ tab: 'storage' }}>Retention and archive</Link>
      </SettingRow>
      <SettingRow title="History" effect="Fills holes and the past behind what is followed; imports bars from files." fallback={null} undo={null}>
        <Link className="link" to="/data" search={{ tab: 'fill' }}>Fill</Link> <Link className="link" to="/data" search={{ tab: 'files' }}>Import and export</Link>
      </SettingRow>
    </>
  );
}

/** A message on every way that is set up. */
export function TestMessage(): JSX.Element {
  const send = useAction('sendTest', [['deliveries']]);
  const told = send.error !== null ? <span className="loss-text" role="alert">{send.error.message}</span> : send.data !== undefined && <span role="status">{send.data.ways.length === 0 ? (send.data.note ?? 'Nothing is set up yet.') : `On its way to ${send.data.ways.map(({ recipient }) => recipient).join(', ')}. Health shows what became of it.`}</span>;
  return (
    <SettingRow title="Try it" effect={<>Sends a test message on every way that is set up, with what is saved. {told}</>} fallback={null} undo={null}>
      <Button size="compact-sm" variant="default" loading={send.isPending} onClick={() => send.mutate({})}>Send a test message</Button>
    </SettingRow>
  );
}

/** What belongs to this computer: in the window alone. */
export function ComputerSection(): JSX.Element {
  const status = useShellStatus();
  const preferences = usePreferences();
  if (!hasShell || status === null) return <Empty title="In the desktop application">Start with the system, updates and the data folder belong to the window of the desktop application, not to this browser: there under <b>Settings, This computer</b>. On a server, let the service manager run <code>mainspring start</code>, and update by installing the new version over it while nothing runs.</Empty>;
  return <div className="application"><Answer query={preferences}>{(data) => <><UpdatesSection status={status} preferences={data} isTarget={false} /><SystemSection preferences={data} /></>}</Answer></div>;
}
