/** What was broken on purpose in the last proof run, and what that did to orders and fills. */
import type { JSX } from 'react';
import type { ProofView } from '#app/contracts/views.ts';
import { useProof } from '../data/queries.ts';
import { Answer, Card, Empty } from '../ui/kit.tsx';
import { age, bothZones, count, counted } from '../ui/format.ts';

function Part({ part }: { part: ProofView['parts'][number] }): JSX.Element {
  const isBroken = part.doubled + part.lost > 0;
  return (
    <li className={isBroken ? 'bad' : ''} title={part.what}>
      <span>{part.name}</span><span className="muted">{part.what}</span>
      <span className="num">{part.faults + part.orders === 0 ? counted(part.runs, 'run') : `${counted(part.faults, 'fault')}, ${counted(part.orders, 'order')}`} in {age(part.seconds * 1_000)}{isBroken && `: ${count(part.doubled)} doubled, ${count(part.lost)} lost`}</span>
    </li>
  );
}

function Proof({ proof }: { proof: ProofView }): JSX.Element {
  const figure = (name: string, value: number, isGood: boolean): JSX.Element => <div className={isGood ? 'proof-figure' : 'proof-figure bad'}><b className="num">{count(value)}</b><span>{name}</span></div>;
  return (
    <>
      <div className="proof-figures">{figure('faults survived', proof.faultsSurvived, true)}{figure('orders doubled', proof.doubled, proof.doubled === 0)}{figure('fills lost', proof.lost, proof.lost === 0)}</div>
      <ul className="proof-parts">{proof.parts.map((part) => <Part key={part.name} part={part} />)}</ul>
      <p className="muted proof-when" title={bothZones(proof.at)}>Version {proof.version}, {bothZones(proof.at).split('\n')[1]?.replace(' here', '')}</p>
    </>
  );
}

/** The card. */
export function ProofCard(): JSX.Element {
  const query = useProof();
  return <Card title="Proof run">{<Answer query={query}>{(data) => (data.proof === null ? <Empty title="No proof run of this version">Run npm run chaos and npm run simulate: faults survived, orders doubled and fills lost are counted here.</Empty> : <Proof proof={data.proof} />)}</Answer>}</Card>;
}
