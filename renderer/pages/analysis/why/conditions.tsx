/** The conditions of a strategy at a bar as a checklist: met or not, the number, its threshold, and how far apart they are. */
import type { JSX } from 'react';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { ExplainedBar, ExplainedCheck } from '#app/contracts/explain.ts';
import { conditionNumber, distanceWords, groupsOf, scaleOf, wishWords } from './why-words.ts';
import type { CheckGroup } from './why-words.ts';

type Replay = NonNullable<ExplainedBar['replay']>;

function Scale({ check }: { check: ExplainedCheck }): JSX.Element {
  const scale = scaleOf(check);
  if (scale === null) return <span className="why-scale none" aria-hidden />;
  const [from, to] = [Math.min(scale.value, scale.threshold), Math.max(scale.value, scale.threshold)];
  return (
    <span className="why-scale" aria-hidden>
      <i className="span" style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }} />
      <i className="threshold" style={{ left: `${scale.threshold * 100}%` }} />
      <i className="value" style={{ left: `${scale.value * 100}%` }} />
    </span>
  );
}

function Check({ check }: { check: ExplainedCheck }): JSX.Element {
  const distance = distanceWords(check);
  return (
    <li className={check.isMet ? 'met' : 'unmet'}>
      {check.isMet ? <IconCheck size={14} aria-label="met" /> : <IconX size={14} aria-label="not met" />}
      <span className="why-check-name">{check.name}</span>
      {check.value !== null && (
        <span className="why-check-numbers">
          <Scale check={check} />
          <span className="num"><b>{conditionNumber(check.value)}</b>{check.threshold !== null && <span className="muted"> vs {conditionNumber(check.threshold)}</span>}</span>
          {distance !== null && <span className="num muted">{distance}</span>}
        </span>
      )}
    </li>
  );
}

function Group({ group }: { group: CheckGroup }): JSX.Element {
  const isComplete = group.met === group.checks.length;
  return (
    <section className="why-group">
      <header>
        <h4>{group.leadsTo ?? 'Conditions'}{group.symbol !== null && <span className="muted"> by {group.symbol}, for all of the portfolio</span>}</h4>
        <span className={isComplete ? 'num complete' : 'num muted'}>{group.met} of {group.checks.length}</span>
      </header>
      <ul>{group.checks.map((check) => <Check key={`${check.symbol} ${check.name}`} check={check} />)}</ul>
    </section>
  );
}

/** The checklist. A strategy that names no conditions says so. */
export function Conditions({ replay, symbol }: { replay: Replay; symbol: string }): JSX.Element {
  const groups = groupsOf(replay.checks, symbol);
  return (
    <div className="why-conditions">
      {groups.length === 0 && <p className="muted">{replay.wasAsked ? 'It names no conditions. In its code, on.check(…) around a condition shows it here.' : 'It is not asked before it is warm.'}</p>}
      {groups.map((group) => <Group key={group.key} group={group} />)}
      {replay.checksLeftOut > 0 && <p className="muted">and {replay.checksLeftOut} more conditions</p>}
    </div>
  );
}

/** Everything else that it knew: indicators, position, memory, and how this was found out. */
export function Knowledge({ explained }: { explained: ExplainedBar }): JSX.Element | null {
  const { replay } = explained;
  if (replay === null) return null;
  const { memory, position } = replay;
  const hasMemory = memory.after !== '{}' || memory.before !== '{}';
  return (
    <details className="why-knowledge">
      <summary>What it knew</summary>
      <dl className="facts">
        {replay.indicators.map(({ name, label, value }) => <div key={name}><dt title={name}>{label}</dt><dd className="num">{conditionNumber(value)}</dd></div>)}
        <div><dt>Wish before</dt><dd className="num">{wishWords(replay.wish.before)}</dd></div>
        <div><dt>Held for it</dt><dd className="num">{position.qty === 0 ? 'nothing' : `${conditionNumber(position.qty)} at ${conditionNumber(position.averagePrice)}, ${position.barsHeld} bars`}</dd></div>
        {hasMemory && memory.before === memory.after && <div><dt>Memory</dt><dd><code>{memory.after}</code></dd></div>}
        {hasMemory && memory.before !== memory.after && <div className="why-memory"><dt>Memory</dt><dd><code>{memory.before}</code> <span className="muted">→</span> <code>{memory.after}</code></dd></div>}
        <div><dt>Version</dt><dd><code>{explained.versionId ?? '–'}</code></dd></div>
      </dl>
      <p className="muted">Run again over {replay.barsReplayed} stored bars in <span className="num">{explained.tookMs}</span> ms{replay.agrees === 'same' && '; it says what was raised then'}.</p>
    </details>
  );
}
