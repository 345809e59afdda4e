/** Run a flow now, with parameters: the form is made from what the flow says it takes. */
import { useMemo, useRef, useState } from 'react';
import type { FormEvent, JSX } from 'react';
import { Button } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import type { DeploymentView } from '#app/contracts/flows.ts';
import { newKey } from '../../data/client.ts';
import { useAction } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { FLOW_KEYS } from './flow-actions.tsx';
import { FormFields } from './form-fields.tsx';
import { draftOf, fieldsOf, issuesOf, readDraft, refusalByField } from './form-schema.ts';

/** The form. `start`: parameters of an earlier run. */
export function RunForm({ row, start }: { row: DeploymentView; start: Readonly<Record<string, unknown>> | undefined }): JSX.Element {
  const fields = useMemo(() => fieldsOf(row.inputJsonSchema), [row.inputJsonSchema]);
  const [draft, setDraft] = useState(() => draftOf(fields, start));
  const [isTouched, setTouched] = useState(false);
  const key = useRef(newKey());
  const run = useAction('runFlow', FLOW_KEYS);
  const { input, errors } = readDraft(fields, draft);
  const refused = refusalByField(fields, issuesOf(run.error));
  const hasPlace = Object.keys(refused.byField).length > 0 && refused.rest.length === 0;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTouched(true);
    if (Object.keys(errors).length === 0) run.mutate({ flow: row.name, input, idempotencyKey: key.current }, { onSuccess: ({ runId }) => openSheet({ kind: 'run', runId }) });
  };
  const change = (name: string, value: string | readonly string[]): void => {
    // Another run, hence another key. A retry of the same one repeats it.
    key.current = newKey();
    run.reset();
    setDraft((now) => ({ ...now, [name]: value }));
  };
  return (
    <form className="stack run-form" onSubmit={submit} noValidate aria-label={`Run ${row.name}`}>
      {fields.length === 0 ? <p className="muted">This flow takes no parameters.</p> : <FormFields fields={fields} draft={draft} errors={{ ...refused.byField, ...(isTouched ? errors : {}) }} change={change} />}
      {run.error && !hasPlace && <p className="switch-error" role="alert">{refused.rest.length > 0 ? refused.rest.join('; ') : run.error.message}</p>}
      <div className="form-foot"><Button type="submit" leftSection={<IconPlayerPlay size={14} />} loading={run.isPending} data-autofocus>Run now</Button><span className="muted">Empty fields take the flow’s own defaults.</span></div>
    </form>
  );
}
