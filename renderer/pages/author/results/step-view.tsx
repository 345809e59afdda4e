/** One bar as the strategy lived it. */
import type { JSX, ReactNode } from 'react';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { RunStep } from '#app/contracts/studio.ts';
import { compact, money, NOTHING, percent, price, quantity, signOf } from '../../../ui/format.ts';
import { memoryChanges } from './step-model.ts';

const number = (value: number | null): string => (value === null ? NOTHING : Math.abs(value) >= 1e7 ? compact(value) : String(Number(value.toPrecision(6))).replace('-', '−'));

function Part({ title, children, isEmpty, empty, isWide }: { title: string; children: ReactNode; isEmpty?: boolean; empty?: string; isWide?: boolean }): JSX.Element {
  return <section className={isWide ? 'rs-step wide' : 'rs-step'}><h3>{title}</h3>{isEmpty ? <p className="muted">{empty}</p> : children}</section>;
}

function Bars({ step, symbol }: { step: RunStep; symbol: string }): JSX.Element {
  const shown = [...step.bars].sort((a, b) => Number(b.symbol === symbol) - Number(a.symbol === symbol)).slice(0, 6);
  return (
    <table className="rs-grid"><tbody>
      {shown.map((bar) => <tr key={bar.symbol}><th>{bar.symbol}</th><td><small>O</small> {price(bar.open)}</td><td><small>H</small> {price(bar.high)}</td><td><small>L</small> {price(bar.low)}</td><td><small>C</small> {price(bar.close)}</td><td><small>V</small> {compact(bar.volume)}</td></tr>)}
      {step.bars.length > shown.length && <tr><td colSpan={6} className="muted">and {step.bars.length - shown.length} more symbols</td></tr>}
    </tbody></table>
  );
}

function Checks({ step }: { step: RunStep }): JSX.Element {
  return (
    <ul className="rs-checks">
      {step.checks.map((check) => (
        <li key={`${check.symbol} ${check.leadsTo ?? ''} ${check.name}`} className={check.isMet ? 'met' : 'unmet'}>
          {check.isMet ? <IconCheck size={14} aria-label="met" /> : <IconX size={14} aria-label="not met" />}<span>{check.name}{check.leadsTo !== null && <small className="muted"> → {check.leadsTo}</small>}</span><span className="num">{number(check.value)}</span><span className="num muted">{check.threshold === null ? '' : `of ${number(check.threshold)}`}</span>
        </li>
      ))}
    </ul>
  );
}

function Said({ step }: { step: RunStep }): JSX.Element {
  return (
    <ul className="rs-said">
      {step.said.map((one, n) => (
        <li key={`${one.symbol} ${n}`}>
          <strong>{one.what === 'target' ? `${one.symbol}: ${one.side}` : `${one.symbol}: ${one.what} ${one.side}`}</strong>{one.weight !== null && <span className="num"> {percent(one.weight, { decimals: 1 })} of equity</span>}
          {one.reasons.map((reason) => <p key={reason.name} className="muted">{reason.name}: <span className="num">{reason.value}</span>{reason.threshold !== '' && <> against <span className="num">{reason.threshold}</span></>}</p>)}
        </li>
      ))}
    </ul>
  );
}

function Orders({ step }: { step: RunStep }): JSX.Element {
  return (
    <ul className="rs-orders">
      {step.orders.map((order) => <li key={`${order.id} ${order.what}`}><span className={`rs-what ${order.what}`}>{order.what}</span><span className={`side ${order.side}`}>{order.side}</span> <span className="num">{quantity(order.qty)} {order.symbol}</span><span className="muted">{order.type}{order.price !== null && <> at <span className="num">{price(order.price)}</span></>}</span><small className="muted">{order.note}</small></li>)}
    </ul>
  );
}

function Memory({ step }: { step: RunStep }): JSX.Element {
  return (
    <table className="rs-memory"><tbody>
      {memoryChanges(step.state).map(({ name, before, after, isChanged }) => <tr key={name} className={isChanged ? 'changed' : ''}><th><code>{name}</code></th><td>{isChanged ? <><del>{before}</del> <ins>{after}</ins></> : <span className="muted">{after}</span>}</td></tr>)}
    </tbody></table>
  );
}

/** The bar. */
export function StepView({ step, symbol }: { step: RunStep; symbol: string }): JSX.Element {
  const own = step.indicators.filter((one) => one.symbol === symbol || one.symbol === '');
  const changes = memoryChanges(step.state);
  return (
    <div className="rs-steps">
      <Part title="The bar" isWide><Bars step={step} symbol={symbol} /></Part>
      <Part title="What it saw" isEmpty={own.length === 0} empty={step.wasAsked ? 'No indicator is recorded.' : 'It was not asked yet: it warms up.'}>
        <ul className="rs-values-list">{own.map((one) => <li key={`${one.symbol} ${one.label}`}><span>{one.label}</span><b className="num">{number(one.value)}</b></li>)}</ul>
      </Part>
      <Part title="Memory" isEmpty={changes.length === 0} empty="It keeps none."><Memory step={step} /></Part>
      <Part title="Conditions" isWide isEmpty={step.checks.length === 0} empty={step.wasAsked ? 'It told no condition.' : 'It was not asked at this bar.'}><Checks step={step} /></Part>
      <Part title="What it said" isEmpty={step.said.length === 0} empty="Nothing."><Said step={step} /></Part>
      <Part title="Orders" isEmpty={step.orders.length === 0} empty="None changed."><Orders step={step} /></Part>
      <Part title="Account after the bar">
        <dl className="rs-account">
          <div><dt>Equity</dt><dd className="num">{money(step.equity)}</dd></div><div><dt>Cash</dt><dd className="num">{money(step.cash)}</dd></div>
          {step.positions.slice(0, 8).map((one) => <div key={one.symbol}><dt>{quantity(one.qty)} {one.symbol} at {price(one.averagePrice)}</dt><dd className={`num sign${signOf(one.openProfit)}`}>{money(one.openProfit, { signed: true })}</dd></div>)}
        </dl>
      </Part>
      {step.log.length > 0 && <Part title="Log"><ul className="rs-lines mono">{step.log.map((line, n) => <li key={`${n} ${line}`}>{line}</li>)}</ul></Part>}
    </div>
  );
}
