/** The report of the day: what was looked at, what was found, and what became of it. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { QualityReport } from '#app/contracts/quality.ts';
import { useAction } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { count, counted, percent } from '../../../ui/format.ts';
import { Age, Card, Dot, Empty, Tag } from '../../../ui/kit.tsx';
import { Sparkline } from '../../../ui/sparkline.tsx';
import { Wholeness } from '../days/series-table.tsx';

const TONES = { critical: 'bad', warning: 'warn', info: 'idle' } as const;

function Verdict({ report }: { report: QualityReport }): JSX.Element {
  const { isUsable, reason, open } = report;
  const tone = !isUsable ? 'bad' : open.critical > 0 ? 'warn' : 'good';
  return <p className="report-verdict"><Dot tone={tone} /><strong>{isUsable ? (open.critical + open.warning === 0 ? 'The bars can be trusted' : 'The bars can be used; some are worth a look') : 'Do not trade on these bars'}</strong>{reason !== null && <span className="muted">{reason}</span>}</p>;
}

function Numbers({ report }: { report: QualityReport }): JSX.Element {
  const rows: readonly (readonly [string, number, string])[] = [
    ['Looked at', report.bars, 'bars'], ['Series', report.series, ''], ['Repaired', report.repaired, 'findings'], ['Confirmed by the broker', report.confirmed, 'findings'], ['Corrected by the broker', report.revisedBars, 'bars'],
    ['Put into quarantine', report.quarantined, 'findings'], ['Held now', report.held, 'bars'], ['Refused at the door', report.refusedBars, 'bars'],
  ];
  return <dl className="facts grid">{rows.map(([name, value, unit]) => <div key={name}><dt>{name}</dt><dd className="num">{count(value)}{unit !== '' && <span className="muted"> {value === 1 ? unit.slice(0, -1) : unit}</span>}</dd></div>)}</dl>;
}

function Factors({ factors }: { factors: QualityReport['factors'] }): JSX.Element | null {
  if (factors.symbols === 0) return null;
  return <p className="muted num">Adjustment factors of {counted(factors.symbols, 'symbol')}: {count(factors.compared)} compared with the broker’s adjusted prices, {factors.differing === 0 ? 'all agree' : <span className="warn-text">{count(factors.differing)} differ</span>}{factors.unresolved > 0 && <>, <span className="warn-text">{count(factors.unresolved)} unresolved</span></>}</p>;
}

function Kinds({ kinds }: { kinds: QualityReport['byKind'] }): JSX.Element | null {
  if (kinds.length === 0) return null;
  return <ul className="kinds">{kinds.map((kind) => <li key={kind.kind}><Tag tone={TONES[kind.severity]}>{kind.severity}</Tag><span>{kind.title}</span><span className="num">{count(kind.count)}</span></li>)}</ul>;
}

/** Starts a validation; its run is followed on the flows page. */
function LookNow(): JSX.Element {
  const run = useAction('runFlow', [['qualityReports'], ['dataFindings'], ['runs']]);
  return (
    <>
      <Button size="compact-xs" variant="default" loading={run.isPending} title="Looks at the bars that came since the last look" onClick={() => run.mutate({ flow: 'validate_data_quality', input: {} })}>Look now</Button>
      {run.data !== undefined && <button type="button" className="link" onClick={() => openSheet({ kind: 'run', runId: run.data.runId })}>see the run</button>}
      {run.error !== null && <span className="loss-text" title={run.error.message}>refused</span>}
    </>
  );
}

/** The newest report, with the open findings of the days before as a line. */
export function ReportCard({ reports }: { reports: readonly QualityReport[] }): JSX.Element {
  const [report] = reports;
  if (report === undefined) return <Card title="Daily report" extra={<LookNow />}><Empty title="No report yet">The bars are looked at after each fetch, every hour on market days; the first report follows then.</Empty></Card>;
  const trend = reports.toReversed().map((one) => one.open.critical + one.open.warning);
  return (
    <Card title={<>Report of <span className="num">{report.day}</span></>} extra={<>{trend.length > 2 && <span title="Open findings, day by day"><Sparkline values={trend} width={72} height={18} tone="muted" /></span>}<Age at={report.madeAt} source="When this report was made" /><LookNow /></>}>
      <Verdict report={report} />
      <Numbers report={report} />
      <Kinds kinds={report.byKind} />
      {report.coverage.length > 0 && <ul className="report-coverage">{report.coverage.map((one) => <li key={one.timeframe}><span>{one.timeframe}</span><Wholeness fraction={one.fraction} /><span className="muted num">{counted(one.series, 'symbol')}, {percent(one.expected === 0 ? null : 1 - one.fraction, { signed: false, decimals: 2 })} missing</span></li>)}</ul>}
      <Factors factors={report.factors} />
    </Card>
  );
}
