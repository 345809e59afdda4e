/** The side sheets: one slides over the page at a time, Esc closes it. */
import type { JSX } from 'react';
import { Drawer } from '@mantine/core';
import type { Mode } from '#app/contracts/config.ts';
import { AboutSheet } from '../application/about-sheet.tsx';
import { ApplicationSheet } from '../application/application-sheet.tsx';
import { ProfileSheet } from '../application/profile-sheet.tsx';
import { HealthView } from '../health/health-view.tsx';
import { ReportSheet } from '../health/report-sheet.tsx';
import { FlowSheet } from '../pages/flows/flow-sheet.tsx';
import { UnitSheet } from '../health/unit-sheet.tsx';
import { RunSheet } from '../pages/flows/run-sheet.tsx';
import { ReconciliationSheet } from '../pages/portfolio/books/reconciliation-sheet.tsx';
import { OrderStorySheet } from '../pages/portfolio/story/order-story.tsx';
import { OrderTicketSheet } from '../pages/portfolio/ticket/order-ticket.tsx';
import { closeSheet, useSheet } from './panels.ts';
import type { Sheet } from './panels.ts';
import { ModeMark } from './top-bar.tsx';

const WIDTHS: Readonly<Record<Sheet['kind'], number>> = { health: 760, ticket: 520, story: 620, reconciliation: 820, unit: 720, flow: 760, run: 980, report: 1120, application: 620, profile: 560, about: 620 };

function titleOf(sheet: Sheet): string {
  switch (sheet.kind) {
    case 'health': return 'Health';
    case 'ticket': return 'Order';
    case 'story': return 'Order timeline';
    case 'reconciliation': return 'Our book and the broker’s';
    case 'unit': return 'Unit';
    case 'flow': return 'Flow';
    case 'run': return 'Run';
    case 'report': return 'Daily report';
    case 'application': return 'Application settings';
    case 'profile': return 'Author profile';
    case 'about': return 'About Mainspring';
  }
}

function Content({ sheet }: { sheet: Sheet }): JSX.Element {
  switch (sheet.kind) {
    case 'health': return <HealthView isPanel />;
    case 'ticket': return <OrderTicketSheet start={sheet.start} />;
    case 'story': return <OrderStorySheet key={sheet.id} id={sheet.id} />;
    case 'reconciliation': return <ReconciliationSheet />;
    case 'unit': return <UnitSheet unitId={sheet.unitId} />;
    case 'flow': return <FlowSheet key={sheet.flow} sheet={sheet} />;
    case 'run': return <RunSheet key={sheet.runId} runId={sheet.runId} />;
    case 'report': return <ReportSheet key={sheet.reportId} reportId={sheet.reportId} />;
    case 'application': return <ApplicationSheet section={sheet.section} />;
    case 'profile': return <ProfileSheet />;
    case 'about': return <AboutSheet />;
  }
}

/** The open sheet, if any. */
export function Sheets({ mode }: { mode: Mode }): JSX.Element {
  const sheet = useSheet();
  return (
    <Drawer opened={sheet !== null} onClose={closeSheet} position="right" size={sheet === null ? 400 : WIDTHS[sheet.kind]} padding="md" shadow="xl" overlayProps={{ backgroundOpacity: 0.15 }} transitionProps={{ duration: 120 }} title={sheet && <span className="sheet-title">{titleOf(sheet)} <ModeMark mode={mode} isMarkOnly /></span>} classNames={{ body: 'sheet-body' }} closeButtonProps={{ 'aria-label': 'Close' }}>
      {sheet && <Content sheet={sheet} />}
    </Drawer>
  );
}
