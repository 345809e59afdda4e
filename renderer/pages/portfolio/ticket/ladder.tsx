/** Stop, entry, price and target on one line: how far each lies, what it risks and what it pays. */
import type { JSX } from 'react';
import { money, percent, price } from '../../../ui/format.ts';
import { placeOnLine } from './exits.ts';
import type { Exits } from './exits.ts';

type Mark = { readonly key: string; readonly at: number; readonly name: string; readonly note: string };

function marksOf(exits: Exits, isProtect: boolean): Mark[] {
  const away = (level: number): string => percent((level - exits.entry) / exits.entry);
  return [
    ...(exits.stop === null ? [] : [{ key: 'stop', at: exits.stop, name: 'Stop', note: away(exits.stop) }]),
    { key: 'entry', at: exits.entry, name: isProtect ? 'Cost' : 'Entry', note: '' },
    ...(exits.target === null ? [] : [{ key: 'target', at: exits.target, name: 'Target', note: away(exits.target) }]),
  ];
}

function Zone({ from, to, kind }: { from: number; to: number; kind: 'risk' | 'reward' }): JSX.Element {
  return <i className={`ladder-zone ${kind}`} style={{ left: `${Math.min(from, to) * 100}%`, width: `${Math.abs(to - from) * 100}%` }} />;
}

/** The line. Its height is fixed, so that nothing below moves while levels are typed. */
export function Ladder({ exits, last, isProtect }: { exits: Exits | null; last: string | null; isProtect: boolean }): JSX.Element {
  if (exits === null) return <div className="ladder muted">Levels are drawn as soon as there is a price.</div>;
  const now = last === null ? null : Number(last);
  const marks = marksOf(exits, isProtect);
  const place = placeOnLine([...marks.map((mark) => mark.at), ...(now === null ? [] : [now])]);
  const [risk, reward] = [exits.riskUsd, exits.rewardUsd];
  return (
    <div className="ladder" role="img" aria-label={`Stop ${price(exits.stop)}, ${isProtect ? 'cost' : 'entry'} ${price(exits.entry)}, target ${price(exits.target)}`}>
      <div className="ladder-line">
        {exits.stop !== null && (isProtect || (risk ?? 1) > 0) && <Zone from={place(exits.stop)} to={place(exits.entry)} kind="risk" />}
        {exits.target !== null && (reward ?? 1) > 0 && <Zone from={place(exits.entry)} to={place(exits.target)} kind="reward" />}
        {now !== null && <i className="ladder-now" style={{ left: `${place(now) * 100}%` }} title={`Price now ${price(now)}`} />}
        {marks.map((mark) => <span key={mark.key} className={`ladder-mark ${mark.key}`} style={{ left: `${place(mark.at) * 100}%` }}><small>{mark.name}</small><b className="num">{price(mark.at)}</b><small className="num">{mark.note}</small></span>)}
      </div>
      <dl className="ladder-sums">
        <div><dt>{isProtect && risk !== null && risk < 0 ? 'Locked in' : 'At risk'}</dt><dd className={risk !== null && risk > 0 ? 'num loss-text' : 'num sign1'}>{risk === null ? '–' : `${money(Math.abs(risk))} USD`}</dd></div>
        <div><dt>Reward</dt><dd className={reward !== null && reward < 0 ? 'num loss-text' : 'num sign1'}>{reward === null ? '–' : `${money(reward)} USD`}</dd></div>
        <div><dt>Reward for risk</dt><dd className="num"><b>{exits.r === null ? '–' : `${exits.r.toFixed(2)} R`}</b></dd></div>
      </dl>
    </div>
  );
}
