/** What is sent by which way: a switch for each kind and channel, and from which severity on. Each counts at once, for the next message. */
import type { JSX } from 'react';
import { NativeSelect, Switch } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { ALERT_CHANNELS, ALERT_KIND_NAMES, alertKindFacts } from '#app/contracts/alert-settings.ts';
import type { AlertChannel, AlertChoice, AlertKind, AlertSeverity } from '#app/contracts/alert-settings.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { newKey } from '../../data/client.ts';
import { useAction, useRoute } from '../../data/queries.ts';
import { Answer, Tag } from '../../ui/kit.tsx';
import { levelsOf, reaches } from './alert-levels.ts';
import { matches } from './search.ts';

const KEY = ['alertChoices'] as const;
const CHANNEL_NAMES: Readonly<Record<AlertChannel, string>> = { desktop: 'Desktop', email: 'E-mail', webhook: 'Webhook' };
const LEVEL_NAMES: Readonly<Record<AlertSeverity, string>> = { info: 'all', warning: 'from warning on', critical: 'critical only' };

/** `wanted`: the choice that is being written; it is shown until the answer stands. */
type Change = { readonly wanted: AlertChoice | null; set(choice: AlertChoice): void };

function Cell({ choice: stored, change: { wanted, set } }: { choice: AlertChoice; change: Change }): JSX.Element {
  const { title, severities } = alertKindFacts(stored.kind);
  const isPending = wanted?.kind === stored.kind && wanted.channel === stored.channel;
  const choice = isPending ? wanted : stored;
  const name = `${title}: ${CHANNEL_NAMES[choice.channel]}`;
  const levels = levelsOf(severities, choice.leastSeverity);
  return (
    <td>
      <div className="se-way">
        <Switch size="xs" aria-label={name} checked={choice.isEnabled} disabled={isPending} onChange={(event) => set({ ...choice, isEnabled: event.currentTarget.checked })} />
        {choice.isEnabled && levels.length > 1 && (
          <NativeSelect
            size="xs" variant="unstyled" aria-label={`${name}, from which severity on`} value={choice.leastSeverity} disabled={isPending} data={levels.map((level) => ({ value: level, label: LEVEL_NAMES[level] }))}
            onChange={(event) => set({ ...choice, leastSeverity: levels.find((level) => level === event.currentTarget.value) ?? choice.leastSeverity })}
          />
        )}
      </div>
    </td>
  );
}

function KindRow({ kind, choices, change }: { kind: AlertKind; choices: readonly AlertChoice[]; change: Change }): JSX.Element {
  const { title, about, severities } = alertKindFacts(kind);
  const own = choices.filter((choice) => choice.kind === kind);
  return (
    <tr>
      <td><strong>{title}</strong>{!own.some((choice) => reaches(choice, severities)) && <Tag tone="warn">nobody is told</Tag>}<p className="muted">{about}</p></td>
      {ALERT_CHANNELS.map((channel) => {
        const choice = own.find((one) => one.channel === channel);
        return choice === undefined ? <td key={channel} /> : <Cell key={channel} choice={choice} change={change} />;
      })}
    </tr>
  );
}

/** The table. */
export function AlertChoices({ search }: { search: string }): JSX.Element | null {
  const query = useRoute('alertChoices', KEY, {});
  const set = useAction('setAlertChoice', [KEY]);
  const client = useQueryClient();
  const answered = (now: AlertChoice): void => void client.setQueryData<RouteOutput<'alertChoices'>>(KEY, (list) => list && { choices: list.choices.map((one) => (one.kind === now.kind && one.channel === now.channel ? now : one)) });
  const change: Change = { wanted: set.isPending ? set.variables : null, set: (choice) => set.mutate({ ...choice, idempotencyKey: newKey() }, { onSuccess: answered }) };
  const kinds = ALERT_KIND_NAMES.filter((kind) => matches(search, kind, alertKindFacts(kind).title, alertKindFacts(kind).about));
  if (kinds.length === 0) return null;
  return (
    <section className="se-group" aria-label="What is sent by which way">
      <h3>What is sent by which way</h3>
      <p className="muted se-intro">Counts at once, for the next message, and is written to the audit log. E-mail and webhook send as far as they are set up above.</p>
      {set.error !== null && <p className="loss-text" role="alert">{set.error.message}</p>}
      <Answer query={query}>
        {({ choices }) => (
          <table className="data-table se-table se-ways">
            <thead><tr><th>Message</th>{ALERT_CHANNELS.map((channel) => <th key={channel}>{CHANNEL_NAMES[channel]}</th>)}</tr></thead>
            <tbody>{kinds.map((kind) => <KindRow key={kind} kind={kind} choices={choices} change={change} />)}</tbody>
          </table>
        )}
      </Answer>
    </section>
  );
}
