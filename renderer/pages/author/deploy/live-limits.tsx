/** The limits of a deployment, to be changed while it runs. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { DeploymentCard } from '#app/contracts/deploy.ts';
import { newKey } from '../../../data/client.ts';
import { useAction } from '../../../data/queries.ts';
import { Failure } from '../../../ui/kit.tsx';
import { limitsDraft, limitsOf, limitsProblems } from './deploy-draft.ts';
import type { LimitsDraft } from './deploy-draft.ts';
import { AFTER_CHANGE } from './deploy-queries.ts';
import { LimitsFields } from './limits-fields.tsx';
import { useAccountFrame } from './use-account-frame.ts';

/** The tab. */
export function LimitsView({ card }: { card: DeploymentCard }): JSX.Element {
  const account = useAccountFrame();
  const [typed, setTyped] = useState<LimitsDraft | null>(null);
  const save = useAction('setStrategyLimits', AFTER_CHANGE);
  const standing = limitsDraft(card.limits, account);
  const limits = typed ?? standing;
  const problems = limitsProblems(limits, account);
  const isChanged = card.limits === null || Object.entries(standing).some(([name, value]) => limits[name as keyof LimitsDraft] !== value);
  const send = (): void => save.mutate({ strategyId: card.strategyId, limits: limitsOf(limits), idempotencyKey: newKey() }, { onSuccess: () => setTyped(null) });
  return (
    <section className="dp-section">
      {card.limits === null && <p className="warn-text">It has no limits of its own yet; only those of the account hold it. What stands here is a suggestion.</p>}
      <LimitsFields limits={limits} problems={problems} account={account} change={(part) => setTyped({ ...limits, ...part })} />
      {save.error !== null && <Failure error={save.error} />}
      <div className="dp-foot-row"><span className="muted">{save.isSuccess && typed === null ? 'Saved. They hold from the next order on.' : 'They hold from the next order on; nothing that is held is sold because of them.'}</span><span className="dp-actions">{typed !== null && <Button size="compact-sm" variant="default" onClick={() => setTyped(null)}>Undo</Button>}<Button size="compact-sm" disabled={!isChanged || Object.keys(problems).length > 0} loading={save.isPending} onClick={send}>Save limits</Button></span></div>
    </section>
  );
}
