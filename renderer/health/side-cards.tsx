/** Beside the map: the pipeline, the ledger's own checks, disk, and what people were told. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { Notice } from '#app/contracts/health.ts';
import type { Watermark } from '#app/contracts/views.ts';
import { useAge } from '../data/clock.ts';
import { useGatewayAway, useStack } from '../data/stack.ts';
import { useInvariants, useNotices, usePipeline } from '../data/queries.ts';
import { partName } from '../shell/parts.ts';
import { Answer, Card, Dot, Empty } from '../ui/kit.tsx';
import { age, bytes, count } from '../ui/format.ts';

const BEHIND_WARN = 200;

function Edge({ edge }: { edge: Watermark }): JSX.Element {
  const tone = edge.behind === 0 ? 'good' : edge.behind < BEHIND_WARN ? 'busy' : 'warn';
  return (
    <Tooltip label={`${edge.consumer} has heard ${count(edge.heardSeq)} of ${count(edge.writtenSeq)} events of ${edge.producer}; ${count(edge.writtenSeq - edge.sentSeq)} wait to be sent`} multiline openDelay={300}>
      <li><Dot tone={tone} /><span>{edge.producer} <span className="muted" aria-label="to">→</span> {edge.consumer}</span><span className="num">{edge.behind === 0 ? 'even' : `${count(edge.behind)} behind`}</span></li>
    </Tooltip>
  );
}

/** Consumer lag per edge. */
export function PipelineCard(): JSX.Element {
  const query = usePipeline();
  const total = query.data?.watermarks.reduce((sum, edge) => sum + edge.writtenSeq, 0);
  return (
    <Card title="Pipeline" extra={total === undefined ? null : <span className="muted">who has heard whom</span>}>
      <Answer query={query}>{(data) => (data.watermarks.length === 0 ? <Empty title="Nothing was said yet">An edge appears when a service has heard its first event.</Empty> : <ul className="edges">{data.watermarks.map((edge) => <Edge key={`${edge.producer}-${edge.consumer}`} edge={edge} />)}</ul>)}</Answer>
    </Card>
  );
}

/** Invariants of the ledger, checked now on the whole book. */
export function InvariantsCard(): JSX.Element {
  const query = useInvariants();
  const ago = useAge(query.data?.at ?? null);
  return (
    <Card title="Ledger checks" extra={query.data && <span className="muted num">{age(ago)} ago, {Math.round(query.data.tookMs)} ms</span>}>
      <Answer query={query}>
        {(data) => (
          <ul className="invariants">
            {data.invariants.map((row) => (
              <li key={row.id} className={row.violations === 0 ? 'good' : 'bad'}>{row.violations === 0 ? <IconCircleCheck size={14} aria-label="holds" /> : <IconCircleX size={14} aria-label="broken" />}<span>{row.statement}</span>{row.violations > 0 && <b className="num">{count(row.violations)}</b>}</li>
            ))}
          </ul>
        )}
      </Answer>
    </Card>
  );
}

/** Free space, and where the data is. */
export function DiskCard(): JSX.Element {
  const stack = useStack();
  return (
    <Card title="Disk">
      <dl className="facts">
        <div><dt>Free</dt><dd className="num">{bytes(stack?.diskFreeBytes ?? null)}</dd></div>
        <div><dt>Data folder</dt><dd className="path" title={stack?.dataDir}>{stack?.dataDir ?? '–'}</dd></div>
        <div><dt>Version</dt><dd className="num">{stack?.version ?? '–'}</dd></div>
      </dl>
    </Card>
  );
}

function Ago({ at }: { at: number }): JSX.Element {
  const ms = useAge(at);
  return <span className="num muted">{age(ms)}</span>;
}

type NoticeRow = { readonly id: string; readonly severity: 'info' | 'warning' | 'critical'; readonly title: string; readonly body: string; readonly at: number };

/** A notice of the supervisor; the name that its text begins with stands in the title already. */
function rowOf({ at, level, unit, text }: Notice): NoticeRow {
  const title = unit === null ? 'Supervisor' : partName(unit);
  return { id: `${at}-${text}`, severity: level === 'error' ? 'critical' : level === 'warn' ? 'warning' : 'info', title, body: text.startsWith(`${title}: `) ? text.slice(title.length + 2) : text, at };
}

function NoticeRows({ rows }: { rows: readonly NoticeRow[] }): JSX.Element {
  const newest = [...rows].sort((a, b) => b.at - a.at).slice(0, 12);
  if (newest.length === 0) return <Empty title="Nothing to tell">Risk events, fills that were announced and ports that had to move are listed here.</Empty>;
  return <ul className="notices">{newest.map((row) => <li key={row.id}><Dot tone={row.severity === 'critical' ? 'bad' : row.severity === 'warning' ? 'warn' : 'idle'} /><span><strong>{row.title}</strong> <span className="muted">{row.body}</span></span><Ago at={row.at} /></li>)}</ul>;
}

/** The newest risk events, notifications and notices of the supervisor; the supervisor's alone while the gateway is away. */
export function NoticesCard(): JSX.Element {
  const query = useNotices();
  const stack = useStack();
  const isAway = useGatewayAway() !== null;
  const own = (stack?.notices ?? []).map(rowOf);
  return <Card title="Notices">{isAway ? <NoticeRows rows={own} /> : <Answer query={query}>{(data) => <NoticeRows rows={[...own, ...data.notices]} />}</Answer>}</Card>;
}
