/** What the rules found, newest first: what it is, what it means, and what can be done about it. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import { Button, Popover, SegmentedControl, UnstyledButton } from '@mantine/core';
import type { QualityFindingView } from '#app/contracts/quality.ts';
import type { RouteInput, RouteOutput } from '#app/contracts/http.ts';
import { useAction } from '../../../data/queries.ts';
import { count } from '../../../ui/format.ts';
import { Answer, Card, Empty, Failure, MarketTime, Tag } from '../../../ui/kit.tsx';
import { BarDay } from '../bar-day.tsx';
import { useDataFindings, useQualityRules } from '../data-queries.ts';

type Rule = RouteOutput<'qualityRules'>['rules'][number];
type Decision = RouteInput<'decideDataFinding'>['decision'];

const TONES = { critical: 'bad', warning: 'warn', info: 'idle' } as const;
const ACTS: readonly (readonly [Decision, string, string])[] = [
  ['refetch', 'Read again', 'Read these bars from the broker again; what differs is corrected'], ['quarantine', 'Quarantine', 'Take these bars out of the book until somebody decides'], ['dismiss', 'It is right', 'Leave the bars as they are and close the finding'],
];

/** About what is not there, or about actions: no bar is wrong, and none can be taken out. */
const WITHOUT_BARS: ReadonlySet<string> = new Set(['gap', 'sessions_missing', 'stale_series', 'factor_mismatch', 'action_unresolved']);

/** What can be decided about a finding: notes of an older release, and those without a bar, can only be closed. */
function actsOf(finding: QualityFindingView, rule: Rule | undefined): typeof ACTS {
  return ACTS.filter(([act]) => act === 'dismiss' || (finding.openTime !== null && rule !== undefined && (act === 'refetch' || !WITHOUT_BARS.has(finding.kind))));
}

function RuleWords({ rule, title }: { rule: Rule | undefined; title: string }): JSX.Element {
  if (rule === undefined) return <strong>{title}</strong>;
  return (
    <Popover width={340} position="bottom-start" shadow="md" withArrow>
      <Popover.Target><UnstyledButton className="explained"><strong>{rule.title}</strong></UnstyledButton></Popover.Target>
      <Popover.Dropdown>
        <div className="formula"><strong>{rule.title}</strong><p>{rule.meaning}</p><dl><div><dt>Threshold</dt><dd>{rule.threshold}</dd></div><div><dt>Repair</dt><dd>{rule.repair}</dd></div><div><dt>Source</dt><dd>{rule.source}</dd></div></dl></div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Finding({ finding, rule }: { finding: QualityFindingView; rule: Rule | undefined }): JSX.Element {
  const decide = useAction('decideDataFinding', [['dataFindings'], ['quarantine'], ['coverage'], ['coverageSeries']]);
  const isOpen = finding.state === 'open' || finding.state === 'confirmed';
  return (
    <li className="bar-finding">
      <Tag tone={TONES[finding.severity]}>{finding.severity}</Tag>
      <div className="finding-text">
        <p><RuleWords rule={rule} title={finding.kind} /> <Link to="/analysis" search={{ symbol: finding.symbol }} className="link">{finding.symbol}</Link> <span className="muted">{finding.timeframe}</span> {finding.openTime !== null && <span className="muted">{finding.timeframe === '1Day' ? <BarDay at={finding.openTime} /> : <MarketTime at={finding.openTime} withDay />}</span>}</p>
        <p>{finding.text}</p>
        {!isOpen && <p className="muted">{finding.state}{finding.decidedBy !== null && ` by ${finding.decidedBy}`}</p>}
        {finding.state === 'confirmed' && <p className="muted">The broker says the same after a second reading.</p>}
        {decide.error !== null && <Failure error={decide.error} />}
      </div>
      {isOpen && <div className="finding-acts">{actsOf(finding, rule).map(([act, label, title]) => <Button key={act} size="compact-xs" variant="default" title={title} loading={decide.isPending && decide.variables.decision === act} disabled={decide.isPending} onClick={() => decide.mutate({ findingId: finding.findingId, decision: act })}>{label}</Button>)}</div>}
    </li>
  );
}

const STATES = [{ value: 'open', label: 'Open' }, { value: 'all', label: 'All' }] as const;

/** The list. */
export function FindingsList({ symbol }: { symbol: string | undefined }): JSX.Element {
  const [state, setState] = useState<'open' | 'all'>('open');
  const [severity, setSeverity] = useState<'critical' | 'warning' | 'info' | null>(null);
  const query = useDataFindings({ state, limit: 100, ...(symbol === undefined ? {} : { symbol }), ...(severity === null ? {} : { severity }) });
  const rules = useQualityRules().data?.rules ?? [];
  const open = query.data?.open;
  return (
    <Card title="Findings" isFlush extra={<>
      {open !== undefined && (['critical', 'warning', 'info'] as const).map((one) => <button key={one} type="button" className={severity === one ? 'filter-chip active' : 'filter-chip'} aria-pressed={severity === one} onClick={() => setSeverity(severity === one ? null : one)}>{one} <span className="num">{count(open[one])}</span></button>)}
      <SegmentedControl size="xs" data={[...STATES]} value={state} onChange={(value) => setState(value === 'all' ? 'all' : 'open')} aria-label="Which findings" />
    </>}>
      <Answer query={query}>{(list) => (list.findings.length === 0
        ? <Empty title={state === 'open' ? 'Nothing open' : 'Nothing found'}>The rules look for gaps, impossible and repeated prices, jumps that revert, cliffs of splits and dividends, shifted clocks and more. What they find stands here.</Empty>
        : <><ul className="bar-findings">{list.findings.map((finding) => <Finding key={finding.findingId} finding={finding} rule={rules.find((rule) => rule.kind === finding.kind)} />)}</ul>{list.hasMore && <p className="table-note muted">There are more. Choose a severity or a symbol to narrow the list.</p>}</>)}</Answer>
    </Card>
  );
}
