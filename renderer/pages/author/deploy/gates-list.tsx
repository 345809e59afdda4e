/** The gates as a checklist: what was observed, what is needed, and one button that passes each. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconCircleCheckFilled, IconCircleDashed, IconCircleMinus, IconCircleXFilled } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ProjectFinding } from '#app/contracts/author.ts';
import type { Gate } from '#app/contracts/deploy.ts';
import { newKey } from '../../../data/client.ts';
import { useAction } from '../../../data/queries.ts';
import { useMode } from '../../../data/stack.ts';
import { Failure, MarketTime } from '../../../ui/kit.tsx';
import { counted } from '../../../ui/format.ts';
import { editorNow, openProjectNow } from '../open-project.ts';
import { GATE_BUTTONS, GATE_STATES, gatesCount, MARKETS } from './gate-words.ts';
import { VerdictReader } from './verdict-reader.tsx';

const ICONS = { passed: IconCircleCheckFilled, open: IconCircleDashed, failed: IconCircleXFilled, not_needed: IconCircleMinus } as const;

function reveal(finding: ProjectFinding): void {
  if (finding.path !== null) editorNow()?.reveal({ path: finding.path, line: finding.line, column: finding.column });
}

/** Findings of a check, each leading to its place. */
function Findings({ findings }: { findings: readonly ProjectFinding[] }): JSX.Element {
  return (
    <ul className="dp-findings">
      {findings.slice(0, 5).map((finding) => <li key={`${finding.rule}-${finding.path ?? ''}-${finding.line}-${finding.message}`}><UnstyledButton className="link" onClick={() => reveal(finding)}>{finding.path === null ? 'whole project' : `${finding.path}:${finding.line}`}</UnstyledButton> {finding.message}<p className="muted">{finding.explanation}</p></li>)}
      {findings.length > 5 && <li className="muted">and {findings.length - 5} more, in the editor</li>}
    </ul>
  );
}

type GateProps = { readonly gate: Gate; readonly of: { projectId: string; version: number }; readonly onLimits: () => void; readonly onWay: () => void };

function LookAhead({ of }: Pick<GateProps, 'of'>): JSX.Element {
  const check = useAction('lookAheadCheck', [['gates'], ['projectVersions']]);
  const found = check.data;
  return (
    <>
      <Button size="compact-sm" variant="light" loading={check.isPending} onClick={() => check.mutate({ ...of, idempotencyKey: newKey() })}>{GATE_BUTTONS.check_look_ahead}</Button>
      {check.isPending && <p className="muted">It runs over stored bars with its future taken away, again and again. This takes up to a minute.</p>}
      {check.error !== null && <Failure error={check.error} />}
      {found !== undefined && <p className={found.isClean && found.isWarmUpClean ? 'muted' : 'warn-text'}>{found.problem ?? `${counted(found.cuts, 'cut')} over ${counted(found.bars, 'bar')}, ${counted(found.signals, 'signal')}: ${found.findings.length === 0 ? 'nothing changed' : counted(found.findings.length, 'finding')}.`}</p>}
      {found !== undefined && found.findings.length > 0 && <Findings findings={found.findings} />}
    </>
  );
}

/** The one way past a gate. */
function Action({ gate, of, onLimits, onWay }: GateProps): JSX.Element | null {
  const navigate = useNavigate();
  const [isReading, setReading] = useState(false);
  const label = GATE_BUTTONS[gate.action];
  if (label === null) return null;
  if (gate.action === 'check_look_ahead') return <LookAhead of={of} />;
  const errors = (): ProjectFinding[] => openProjectNow()?.check?.findings.filter(({ severity }) => severity === 'error') ?? [];
  const act = (): void => {
    switch (gate.action) {
      case 'fix_source': { const [first] = errors(); if (first !== undefined) reveal(first); else editorNow()?.reveal({ path: 'strategy.ts', line: 1, column: 1 }); return; }
      case 'run_backtest': void navigate({ to: '/author', search: (now) => ({ ...now, pane: 'run' }) }); return;
      case 'optimise': void navigate({ to: '/author', search: (now) => ({ ...now, pane: 'optimise' }) }); return;
      case 'read_verdict': setReading(true); return;
      case 'set_limits': onLimits(); return;
      case 'deploy_to_paper': onWay(); return;
      case 'check_look_ahead': case 'none': return;
    }
  };
  if (isReading && gate.backtestId !== null) return <VerdictReader {...of} backtestId={gate.backtestId} close={() => setReading(false)} />;
  return <Button size="compact-sm" variant="light" onClick={act}>{label}</Button>;
}

function Row(props: GateProps): JSX.Element {
  const { gate } = props;
  const Icon = ICONS[gate.state];
  const isClosed = gate.state === 'open' || gate.state === 'failed';
  return (
    <li className={`dp-gate ${gate.state}`} data-gate={gate.gate}>
      <Icon size={18} aria-hidden />
      <div className="dp-gate-text">
        <p className="dp-gate-title"><strong>{gate.title}</strong><span className="dp-gate-state">{GATE_STATES[gate.state]}</span>{gate.at !== null && gate.state === 'passed' && <small className="muted"><MarketTime at={gate.at} withDay /></small>}</p>
        <p className="muted">{gate.state === 'not_needed' ? gate.needed : gate.observed}</p>
        {isClosed && <p className="dp-gate-needed"><span className="muted">Needed:</span> {gate.needed}</p>}
        {isClosed && gate.remedy !== null && <p className="dp-gate-remedy">{gate.remedy}</p>}
        {isClosed && <Action {...props} />}
      </div>
    </li>
  );
}

/** Gates that other markets ask for: told by name, unfolded on wish. */
function NotNeeded({ gates, ...rest }: { gates: readonly Gate[] } & Omit<GateProps, 'gate'>): JSX.Element {
  const market = MARKETS[useMode()].name.toLowerCase();
  return (
    <details className="dp-not-needed">
      <summary><IconChevronRight size={14} aria-hidden /><span>Not needed in {market}</span><span className="muted">{gates.map(({ title }) => title).join(' · ')}</span></summary>
      <ul>{gates.map((gate) => <Row key={gate.gate} gate={gate} {...rest} />)}</ul>
    </details>
  );
}

/** The list with its count. */
export function GatesList({ gates, ...rest }: { gates: readonly Gate[] } & Omit<GateProps, 'gate'>): JSX.Element {
  const { passed, needed } = gatesCount(gates);
  const others = gates.filter(({ state }) => state === 'not_needed');
  return (
    <section className="dp-gates" aria-label="Gates">
      <header className="dp-head"><h3>Gates</h3><span className={passed === needed ? 'dp-count done' : 'dp-count'}>{passed} of {needed} passed</span><span className="dp-progress" aria-hidden><i style={{ width: `${needed === 0 ? 0 : (passed / needed) * 100}%` }} /></span></header>
      <div className="dp-gates-box">
        <ul>{gates.filter(({ state }) => state !== 'not_needed').map((gate) => <Row key={gate.gate} gate={gate} {...rest} />)}</ul>
        {others.length > 0 && <NotNeeded gates={others} {...rest} />}
      </div>
    </section>
  );
}
