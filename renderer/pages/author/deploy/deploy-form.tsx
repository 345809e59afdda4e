/** The form of a deployment: a new one or a version for one that runs, what changes, and the button that lets it trade. */
import type { JSX } from 'react';
import { Button, Checkbox, Select, TextInput } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import type { DeploymentLive } from '#app/contracts/deploy.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { useMode } from '../../../data/stack.ts';
import { Failure } from '../../../ui/kit.tsx';
import { HoldButton } from '../../../ui/hold-button.tsx';
import { changesOf } from './deploy-diff.ts';
import type { Change } from './deploy-diff.ts';
import { ParameterFields, SizingFields, SubjectFields } from './deploy-fields.tsx';
import type { FieldsProps } from './deploy-fields.tsx';
import { MARKETS } from './gate-words.ts';
import { LimitsFields } from './limits-fields.tsx';

type Cards = RouteOutput<'deployed'>['deployed'];

/** What the version goes into. */
export function TargetFields({ cards, isLoading, choose, ...props }: FieldsProps & { cards: Cards; isLoading: boolean; choose: (target: string | null) => void }): JSX.Element {
  const { draft, problems, change } = props;
  const own = cards.filter(({ project }) => project !== null);
  return (
    <section className="dp-section">
      {own.length > 0 && <Select label="Deployment" aria-label="Deployment" value={draft.target ?? ''} disabled={isLoading} onChange={(value) => choose(value === null || value === '' ? null : value)} allowDeselect={false} data={[{ value: '', label: 'A new one' }, ...own.map((card) => ({ value: card.strategyId, label: `${card.name} (runs version ${card.project?.version ?? '?'})` }))]} error={problems['target']} />}
      <TextInput label="Name" description="As it stands on signals, orders and reports" value={draft.name} onChange={(event) => change({ name: event.currentTarget.value })} maxLength={80} error={problems['name']} inputWrapperOrder={['label', 'input', 'error', 'description']} />
    </section>
  );
}

function Diff({ changes, name }: { changes: readonly Change[]; name: string }): JSX.Element {
  return (
    <section className="dp-diff" aria-label="What changes">
      <h4>What changes in {name}</h4>
      {changes.length === 0 ? <p className="muted">Nothing: it runs exactly this.</p> : <table><tbody>{changes.map(({ what, from, to }) => <tr key={what}><th scope="row">{what}</th><td className="num"><del>{from}</del></td><td aria-hidden>→</td><td className="num"><ins>{to}</ins></td></tr>)}</tbody></table>}
      <p className="muted">Its signals begin anew with the first bar after the change. What it holds stays held, and stays its own. Other strategies are not touched.</p>
    </section>
  );
}

/** The button: held where real money is at stake. */
function Go({ version, name, isPending, wait, go }: { version: number; name: string; isPending: boolean; wait: string | null; go: () => void }): JSX.Element {
  const mode = useMode();
  const market = MARKETS[mode].name.toLowerCase();
  if (mode === 'live' && wait === null && !isPending) return <HoldButton className="dp-hold" label={`Hold to deploy version ${version} with real money`} onHeld={go}>Hold to deploy version {version} to live</HoldButton>;
  return <Button leftSection={<IconRocket size={15} />} className={`dp-go ${mode}`} disabled={wait !== null} loading={isPending} onClick={go} title={wait ?? `${name} trades in ${market}`}>Deploy version {version} to {market}</Button>;
}

/** Everything below the gates. */
export function DeployForm({ live, version, screenName, wait, action, go, ...props }: FieldsProps & {
  live: DeploymentLive | null; version: number; screenName: string | null; wait: string | null; action: { isPending: boolean; error: Error | null }; go: () => void;
}): JSX.Element {
  const { draft, problems, facts, account, change } = props;
  return (
    <>
      <SubjectFields {...props} />
      <SizingFields {...props} />
      <ParameterFields {...props} />
      <section className="dp-section" id="dp-limits"><h4>Limits of this strategy</h4><p className="muted">Beside those of the account, which always stand above them. Exits always pass.</p><LimitsFields limits={draft.limits} problems={problems} account={account} change={(part) => change({ limits: { ...draft.limits, ...part } })} /></section>
      {live !== null && <Diff name={live.card.name} changes={changesOf(live, draft, { version, facts, screenName })} />}
      <footer className="dp-foot">
        {action.error !== null && <Failure error={action.error} />}
        <div className="dp-foot-row"><Checkbox size="xs" label="Start at once" description={draft.isStarted ? 'It is asked at its next bar' : 'It waits, paused, until you start it'} checked={draft.isStarted} onChange={(event) => change({ isStarted: event.currentTarget.checked })} /><Go version={version} name={draft.name} isPending={action.isPending} wait={wait} go={go} /></div>
        {wait !== null && <p className="dp-wait" role="status">{wait}</p>}
      </footer>
    </>
  );
}
