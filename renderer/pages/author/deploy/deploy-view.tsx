/** Deploying the open project: the market, the gates, the form. */
import { useEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { Button, UnstyledButton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Signature } from '#app/contracts/author.ts';
import { signatureLine } from '../../../application/profile-form.ts';
import { call, newKey } from '../../../data/client.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import { useAction, useRoute } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { Answer, Empty, Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { editorNow, useOpenProject } from '../open-project.ts';
import type { OpenProject } from '../open-project.ts';
import { DeployForm, TargetFields } from './deploy-form.tsx';
import { draftOf, limitsProblems, newDraft, parametersOf, problemsOf, requestOf } from './deploy-draft.ts';
import type { DeployDraft } from './deploy-draft.ts';
import { AFTER_CHANGE, useDeployed, useDeployedLive, useGates } from './deploy-queries.ts';
import { closedGates, hindrance, withForm } from './gate-words.ts';
import { GatesList } from './gates-list.tsx';
import { MarketBanner, useWay } from './market-banner.tsx';
import { useAccountFrame } from './use-account-frame.ts';

/** The one form that is being filled: it stays while another pane is looked at. */
const typed = createStore<{ readonly projectId: string; readonly draft: DeployDraft } | null>(null);

/** The draft of the open project: begins with what its newest back-test ran over, once that is known. */
function useDraft(open: OpenProject): { draft: DeployDraft | null; change: (part: Partial<DeployDraft>) => void; replace: (draft: DeployDraft) => void; startAnew: () => void } {
  const { projectId, name } = open.project;
  const account = useAccountFrame();
  const runs = useRoute('backtests', ['backtests', 'newest', projectId], { projectId, limit: 1 });
  const now = useStore(typed);
  const draft = now?.projectId === projectId ? now.draft : null;
  const facts = open.check?.facts ?? null;
  const isReady = (runs.data !== undefined || runs.error !== null) && account !== null && open.check !== null;
  const fresh = (): DeployDraft => newDraft({ name, facts, account, suggested: runs.data?.backtests[0] ?? null });
  useEffect(() => {
    if (draft === null && isReady) typed.set({ projectId, draft: fresh() });
  });
  // A parameter that was written into the source since takes its default.
  const whole = draft === null ? null : { ...draft, parameters: { ...Object.fromEntries((facts?.parameters ?? []).map((parameter) => [parameter.name, String(parameter.default)])), ...draft.parameters } };
  const replace = (next: DeployDraft): void => typed.set({ projectId, draft: next });
  return { draft: whole, change: (part) => { if (whole !== null) replace({ ...whole, ...part }); }, replace, startAnew: () => replace(fresh()) };
}

function Unsaved({ version }: { version: number }): JSX.Element {
  const [failure, setFailure] = useState<unknown>(null);
  const save = (): void => {
    setFailure(null);
    editorNow()?.save('Saved to be deployed').catch(setFailure);
  };
  return <section className="dp-unsaved" role="status"><p>The editor holds changes that version {version} has not. Gates and deployments speak of saved versions.</p><Button size="compact-sm" variant="default" onClick={save}>Save as a version</Button>{failure !== null && <Failure error={failure} />}</section>;
}

/** Who signed the version; a click opens the author profile. */
function Signed({ signature }: { signature: Signature | null }): JSX.Element {
  const line = signature === null ? null : signatureLine(signature);
  return <UnstyledButton className="link dp-signed" title="The author profile signs each version as it is saved" onClick={() => openSheet({ kind: 'profile' })}>{line === null ? 'Unsigned: write an author profile' : `Signed by ${line}`}</UnstyledButton>;
}

/** One key for one request: pressed again after an answer that was lost, the same thing is not deployed twice. */
function useKeyOf(): (request: string) => string {
  const last = useRef({ request: '', key: '' });
  return (request) => {
    if (last.current.request !== request) last.current = { request, key: newKey() };
    return last.current.key;
  };
}

function Filled({ open, draft, change, replace, startAnew }: { open: OpenProject; draft: DeployDraft; change: (part: Partial<DeployDraft>) => void; replace: (draft: DeployDraft) => void; startAnew: () => void }): JSX.Element {
  const of = { projectId: open.project.projectId, version: open.base.version };
  const facts = open.check?.facts ?? null;
  const navigate = useNavigate();
  const client = useQueryClient();
  const account = useAccountFrame();
  const cards = useDeployed(of.projectId).data?.deployed ?? [];
  const target = useDeployedLive(draft.target);
  const screens = useRoute('screens', ['screens'], {}, { isEnabled: draft.universe === 'screen' });
  const deploy = useAction('deployStrategy', AFTER_CHANGE);
  const [choice, setChoice] = useState<{ isLoading: boolean; failure: unknown }>({ isLoading: false, failure: null });
  const [isWayShown, setWay] = useWay();
  const problems = problemsOf(draft, facts, account);
  const gates = useGates(of, facts === null || Object.keys(problems).some((field) => field.startsWith('parameters.')) ? null : parametersOf(draft, facts));
  // What was told of another version, or of another deployment, is nothing that stands of this one; of other parameters it is shown until the answer about these is there, and opens nothing.
  const told = gates.data?.projectId === of.projectId && gates.data.version === of.version ? gates.data : undefined;
  const replaced = draft.target === null || target.isPlaceholderData ? null : (target.data ?? null);
  const shown = told === undefined ? null : withForm(told, Object.keys(limitsProblems(draft.limits, account)).length === 0);
  const wait = hindrance({ closed: shown === null ? [] : closedGates(shown), problems: Object.keys(problems).length, isDirty: open.isDirty, isKnown: shown !== null && !gates.isPlaceholderData && open.check !== null });
  const choose = (strategyId: string | null): void => {
    deploy.reset();
    if (strategyId === null) return startAnew();
    setChoice({ isLoading: true, failure: null });
    client.fetchQuery({ queryKey: ['deployed', 'live', strategyId], queryFn: () => call('deployedLive', { strategyId }) })
      .then((live) => { replace(draftOf(live, facts, account)); setChoice({ isLoading: false, failure: null }); }, (failure: unknown) => setChoice({ isLoading: false, failure }));
  };
  const keyOf = useKeyOf();
  const go = (): void => {
    const request = requestOf(draft, { ...of, facts });
    deploy.mutate({ ...request, idempotencyKey: keyOf(JSON.stringify(request)) }, { onSuccess: ({ strategyId }) => { typed.set(null); void navigate({ to: '/author', search: (now) => ({ ...now, pane: 'live', strategy: strategyId }) }); } });
  };
  const props = { draft, problems, facts, account, change };
  const toLimits = (): void => document.querySelector<HTMLElement>('[data-limit="maxNotional"]')?.focus();
  return (
    <>
      <MarketBanner isWayShown={isWayShown} onWay={setWay} />
      {open.isDirty && <Unsaved version={open.base.version} />}
      <Answer query={{ data: told, error: gates.error, refetch: gates.refetch }}>{() => <GatesList gates={shown ?? []} of={of} onLimits={toLimits} onWay={() => setWay(true)} />}</Answer>
      <header className="dp-head"><h3>Deployment of version {of.version}</h3><Signed signature={open.base.signature} /></header>
      <TargetFields {...props} cards={cards} isLoading={choice.isLoading} choose={choose} />
      {choice.failure !== null && <Failure error={choice.failure} />}
      <DeployForm {...props} live={replaced} version={of.version} screenName={screens.data?.screens.find(({ screenId }) => screenId === draft.screenId)?.name ?? null} wait={wait} action={deploy} go={go} />
    </>
  );
}

function OfProject({ open }: { open: OpenProject }): JSX.Element {
  const { draft, ...rest } = useDraft(open);
  return draft === null ? <SkeletonRows count={8} /> : <Filled open={open} draft={draft} {...rest} />;
}

/** The pane. */
export function DeployView(): JSX.Element {
  const open = useOpenProject();
  if (open === null) return <Empty title="No project is open">Open a project on the left, or begin one from a template. What stands between it and the market is shown here.</Empty>;
  return <div className="dp-pane"><OfProject key={open.project.projectId} open={open} /></div>;
}
