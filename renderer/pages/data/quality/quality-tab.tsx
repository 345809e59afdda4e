/** Can the bars be trusted? The day's report, the findings, the bars that are held back. */
import type { JSX } from 'react';
import { Answer } from '../../../ui/kit.tsx';
import { useQualityReports } from '../data-queries.ts';
import { FindingsList } from './findings-list.tsx';
import { QuarantineTable } from './quarantine-table.tsx';
import { ReportCard } from './report-card.tsx';

/** The tab. */
export function QualityTab({ symbol }: { symbol: string | undefined }): JSX.Element {
  const reports = useQualityReports();
  return (
    <div className="data-tab quality-tab">
      <Answer query={reports}>{(list) => <ReportCard reports={list.reports} />}</Answer>
      <div className="data-tab">
        <FindingsList symbol={symbol} />
        <QuarantineTable symbol={symbol} />
      </div>
    </div>
  );
}
