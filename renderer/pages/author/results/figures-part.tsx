/** Figures of a run: the headline, and all of them by group; each opens its formula, its inputs and its source. */
import type { JSX, ReactNode } from 'react';
import { HoverCard, Skeleton, UnstyledButton } from '@mantine/core';
import { FIGURES } from '#app/analytics/catalogue.ts';
import type { FigureEntry, FigureGroup } from '#app/analytics/catalogue.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { count, signOf } from '../../../ui/format.ts';
import type { Denials } from './denied-words.ts';
import { entryOf, HEADLINE, inputsOf, shortNameOf, written } from './figure-view.ts';

const GROUPS: readonly (readonly [FigureGroup, string])[] = [['return', 'What it made'], ['risk', 'What it risked'], ['ratio', 'What it made for the risk'], ['benchmark', 'Against the benchmark'], ['trades', 'How it traded']];

/** How a figure is made: formula, inputs of this run, source. */
function HowMade({ entry, result, children }: { entry: FigureEntry; result: BacktestResult; children: ReactNode }): JSX.Element {
  return (
    <HoverCard width={330} position="bottom-start" shadow="md" withArrow openDelay={250} closeDelay={80}>
      <HoverCard.Target><UnstyledButton className="rs-how" aria-label={`${entry.label}: how it is made`}>{children}</UnstyledButton></HoverCard.Target>
      <HoverCard.Dropdown>
        <div className="formula">
          <strong>{entry.label}</strong>
          <code className="rs-formula">{entry.formula}</code>
          <dl>{inputsOf(result, entry.group).map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="num">{value}</dd></div>)}<div><dt>Unit</dt><dd>{entry.unit}</dd></div></dl>
          <small className="muted">{entry.source}{entry.isYearly ? '. Empty below 20 days.' : '.'}</small>
        </div>
      </HoverCard.Dropdown>
    </HoverCard>
  );
}

const toned = (entry: FigureEntry, value: number | null | undefined): string => ((entry.kind === 'percent' || entry.kind === 'dollars') && typeof value === 'number' ? `sign${signOf(value)}` : '');

/** The figures at the top; skeletons of their size until they are there. */
export function HeadlineFigures({ result, isComing }: { result: BacktestResult; isComing: boolean }): JSX.Element {
  const entries = HEADLINE.flatMap((name) => entryOf(name) ?? []);
  return (
    <dl className="rs-headline">
      {entries.map((entry) => {
        const value = result.figures[entry.name];
        return (
          <div key={entry.name}>
            <dt>{shortNameOf(entry.name)}</dt>
            <dd className={`num ${toned(entry, value)}`}>{isComing && value === undefined ? <Skeleton height={16} width={64} mt={4} /> : <HowMade entry={entry} result={result}>{written(entry.kind, value)}</HowMade>}</dd>
          </div>
        );
      })}
    </dl>
  );
}

/** Every figure of the catalogue. */
export function AllFigures({ result, denials }: { result: BacktestResult; denials: Denials | null }): JSX.Element {
  return (
    <div className="rs-figures">
      {GROUPS.map(([group, title]) => {
        const entries = FIGURES.filter((entry) => entry.group === group && result.figures[entry.name] !== undefined);
        if (entries.length === 0) return null;
        return (
          <section key={group}>
            <h3>{title}</h3>
            <dl>{entries.map((entry) => <div key={entry.name}><dt>{entry.label}</dt><dd className={`num ${toned(entry, result.figures[entry.name])}`}><HowMade entry={entry} result={result}>{written(entry.kind, result.figures[entry.name])}</HowMade></dd></div>)}</dl>
          </section>
        );
      })}
      {denials !== null && (
        <section>
          <h3>What was denied</h3>
          <dl>{[denials.first, ...denials.rest].map(({ code, times, why }) => <div key={code}><dt title={code}>{why.slice(0, 1).toUpperCase()}{why.slice(1)}</dt><dd className="num">{count(times)}</dd></div>)}</dl>
        </section>
      )}
    </div>
  );
}
