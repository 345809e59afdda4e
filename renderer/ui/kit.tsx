/** Small parts that all pages are made of: cards, numbers that know their sign, states of a card. */
import type { JSX, ReactNode } from 'react';
import { Button, Popover, Skeleton, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ClientError } from '../data/client.ts';
import { useAge, useIsStale } from '../data/clock.ts';
import { age, bothZones, marketDayTime, marketTime, money, percent, signOf } from './format.ts';
import { useFlash } from './use-flash.ts';

/** A surface with a title row. */
export function Card({ title, extra, children, className, isFlush }: { title?: ReactNode; extra?: ReactNode; children: ReactNode; className?: string; isFlush?: boolean }): JSX.Element {
  return (
    <section className={`card ${className ?? ''}`}>
      {title !== undefined && (
        <header className="card-head">
          <h2>{title}</h2>
          <div className="card-extra">{extra}</div>
        </header>
      )}
      <div className={isFlush ? 'card-body flush' : 'card-body'}>{children}</div>
    </section>
  );
}

const ARROWS = { '-1': '▼', 0: '', 1: '▲' } as const;

/** A gain or loss: sign, arrow and colour say the same thing. */
export function Pnl({ value, fraction, hasArrow = true, decimals }: { value: string | null; fraction?: number | null; hasArrow?: boolean; decimals?: number }): JSX.Element {
  const sign = signOf(value);
  return (
    <span className={`num pnl sign${sign}`}>
      {hasArrow && <i aria-hidden>{ARROWS[sign]}</i>}
      {money(value, { signed: true, ...(decimals === undefined ? {} : { decimals }) })}
      {fraction !== undefined && <small>{percent(fraction)}</small>}
    </span>
  );
}

/** A live number: flashes when it changes (at most once a second), greys when the page is stale. */
export function LiveNumber({ value, children }: { value: string | number | null; children: ReactNode }): JSX.Element {
  const flash = useFlash(value);
  const isStale = useIsStale();
  return <span ref={flash} className={isStale ? 'num live stale' : 'num live'}>{children}</span>;
}

/** How old a fact is; warns beyond its limit. `source` is told on hover. */
export function Age({ at, limitMs, source }: { at: number | null; limitMs?: number | undefined; source: string }): JSX.Element {
  const ms = useAge(at);
  const isOld = limitMs !== undefined && (ms === null || ms > limitMs);
  return (
    <Tooltip label={at === null ? source : `${source}\n${bothZones(at)}`} multiline style={{ whiteSpace: 'pre-line' }}>
      <span className={isOld ? 'age old' : 'age'}>{age(ms)}</span>
    </Tooltip>
  );
}

/** A time in New York, both zones on hover. */
export function MarketTime({ at, withDay }: { at: number | null; withDay?: boolean }): JSX.Element {
  if (at === null) return <span className="num muted">–</span>;
  return (
    <Tooltip label={bothZones(at)} multiline style={{ whiteSpace: 'pre-line' }} openDelay={300}>
      <span className="num">{withDay ? marketDayTime(at) : marketTime(at)}</span>
    </Tooltip>
  );
}

/** A number that opens its formula and inputs: two clicks to why. */
export function Explained({ label, rows, children }: { label: string; rows: readonly (readonly [string, ReactNode])[]; children: ReactNode }): JSX.Element {
  return (
    <Popover width={300} position="bottom-start" shadow="md" withArrow>
      <Popover.Target>
        <UnstyledButton className="explained" aria-label={`${label}: how it is made`}>{children}</UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="formula">
          <strong>{label}</strong>
          <dl>{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="num">{value}</dd></div>)}</dl>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Nothing here yet: what it will show, and what fills it. */
export function Empty({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }): JSX.Element {
  return (
    <div className="state-empty">
      <strong>{title}</strong>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** What happened, what it means, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }): JSX.Element {
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof ClientError && error.code !== 'UNKNOWN' ? error.code : null;
  return (
    <div className="state-failure" role="alert">
      <IconAlertTriangle size={18} aria-hidden />
      <div>
        <p>{words}</p>
        {code !== null && <code>{code}</code>}
      </div>
      {retry && <Button size="compact-sm" variant="default" onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Rows that will be there. */
export function SkeletonRows({ count = 6 }: { count?: number }): JSX.Element {
  return <div className="skeleton-rows" aria-label="Loading">{Array.from({ length: count }, (_none, n) => <Skeleton key={n} height={12} radius="sm" width={`${92 - ((n * 17) % 30)}%`} />)}</div>;
}

/** The answer to a question, or its state. */
export function Answer<T>({ query, skeleton, children }: { query: { data: T | undefined; error: unknown; refetch(): unknown }; skeleton?: ReactNode; children: (data: T) => ReactNode }): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return skeleton ?? <SkeletonRows />;
}

/** A dot with a meaning; the word stands beside it. */
export function Dot({ tone }: { tone: 'good' | 'warn' | 'bad' | 'idle' | 'busy' }): JSX.Element {
  return <span className={`dot ${tone}`} aria-hidden />;
}

/** A short word in a quiet frame. */
export function Tag({ tone = 'idle', children }: { tone?: 'good' | 'warn' | 'bad' | 'idle' | 'busy'; children: ReactNode }): JSX.Element {
  return <span className={`tag ${tone}`}>{children}</span>;
}
