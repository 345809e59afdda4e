/** The risk limits in rows: what is in force, what is written, and which way is looser. */
import type { JSX } from 'react';
import { NumberInput, Switch } from '@mantine/core';
import type { RouteOutput } from '#app/contracts/http.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import type { RiskLimits } from '#app/domain/limits.ts';
import { Tag } from '../../ui/kit.tsx';
import { changeLimit, useDraft } from './draft.ts';
import { LIMIT_GROUPS, limitEffect, limitsAfter, limitWords, loosened, WHOLE } from './limits.ts';
import type { LimitField } from './limits.ts';
import { matches } from './search.ts';
import { SettingRow } from './setting-row.tsx';

function LimitControl({ field: { key, title, unit }, limits }: { field: LimitField; limits: RiskLimits }): JSX.Element {
  const changed = useDraft().limits[key];
  const inForce = limits[key];
  if (typeof inForce === 'boolean') {
    const isOn = typeof changed === 'boolean' ? changed : inForce;
    return <Switch size="sm" aria-label={title} label={isOn ? 'Allowed' : 'Not allowed'} checked={isOn} onChange={(event) => changeLimit(key, event.currentTarget.checked === inForce ? undefined : event.currentTarget.checked)} />;
  }
  return (
    <NumberInput
      size="xs" className="se-number" aria-label={title} value={typeof changed === 'string' ? changed : String(inForce)} thousandSeparator="," allowNegative={false} allowDecimal={!WHOLE.has(key)} decimalScale={9} hideControls
      onChange={(value) => changeLimit(key, String(value) === String(inForce) ? undefined : String(value))} rightSection={<span className="muted se-unit">{unit}</span>} rightSectionWidth={60}
    />
  );
}

/** The rows. */
export function LimitRows({ trading, search }: { trading: RouteOutput<'tradingState'>; search: string }): JSX.Element {
  const changes = useDraft().limits;
  const { limits, limitsVersion } = trading;
  const { problems, limits: after } = limitsAfter(limits, changes);
  const looser = new Set(after === null ? [] : loosened(limits, after).map(({ key }) => key));
  return (
    <>
      <p className="muted se-intro">Version {limitsVersion}. A stricter limit counts from the next decision on. A wider one asks you twice.</p>
      {LIMIT_GROUPS.map(({ title, fields }) => {
        const found = fields.filter(({ key, title: name }) => matches(search, key, name, limitEffect(key), title));
        return found.length === 0 ? null : (
          <section key={title} className="se-group" aria-label={title}>
            <h3>{title}</h3>
            {found.map((field) => (
              <SettingRow
                key={field.key} title={field.title} effect={limitEffect(field.key)} fallback={limitWords(DEFAULT_RISK_LIMITS[field.key], field.unit)} problem={problems.get(field.key) ?? null}
                undo={changes[field.key] === undefined ? null : () => changeLimit(field.key, undefined)} note={looser.has(field.key) ? <Tag tone="warn">wider than before</Tag> : undefined}
              >
                <LimitControl field={field} limits={limits} />
              </SettingRow>
            ))}
          </section>
        );
      })}
    </>
  );
}
