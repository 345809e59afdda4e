/** Which files, and how they are to be read: looked at first, imported then. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, SegmentedControl, Select, TextInput } from '@mantine/core';
import { IMPORT_PRESETS, importWishSchema, type ImportWish } from '#app/contracts/bulk.ts';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { useAction } from '../../../data/queries.ts';
import { Failure } from '../../../ui/kit.tsx';
import { PreviewList } from './import-preview.tsx';

type Draft = { paths: string; preset: string; symbol: string; timeframe: string; timeZone: string; policy: string };
const AUTO = 'found out';
const PRESETS = [AUTO, ...IMPORT_PRESETS.filter((preset) => preset !== 'custom')];
const ZONES = [AUTO, 'exchange', 'utc', 'Europe/London', 'Europe/Berlin', 'Asia/Tokyo'];
const EMPTY: Draft = { paths: '', preset: AUTO, symbol: '', timeframe: AUTO, timeZone: AUTO, policy: 'keep' };

/** The wish that a draft is; what is "found out" is left out. */
export function wishOf(draft: Draft): ReturnType<typeof importWishSchema.safeParse> {
  const chosen = (value: string): string | undefined => (value === AUTO || value.trim() === '' ? undefined : value.trim());
  const given = { preset: chosen(draft.preset), symbol: chosen(draft.symbol)?.toUpperCase(), timeframe: chosen(draft.timeframe), timeZone: chosen(draft.timeZone) };
  const paths = draft.paths.split(/\r?\n|;/).map((path) => path.trim().replace(/^"(.*)"$/, '$1')).filter((path) => path !== '');
  return importWishSchema.safeParse({ paths, policy: draft.policy, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) });
}

/** The form, with the preview below. */
export function ImportForm(): JSX.Element {
  const [draft, setDraft] = useState(EMPTY);
  const preview = useAction('previewImport');
  const start = useAction('startImport', [['imports']]);
  const wish = wishOf(draft);
  const change = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part });
    preview.reset();
    start.reset();
  };
  const look = (asked: ImportWish): void => preview.mutate(asked);
  const issue = draft.paths === '' || wish.success ? undefined : wish.error.issues[0]?.message;
  return (
    <form className="wish-form" onSubmit={(event) => { event.preventDefault(); if (wish.success) look(wish.data); }}>
      <TextInput size="xs" className="grow" label="File or folder on this computer" description="Several: parted by semicolons. CSV, also .gz" placeholder="D:\Market data\spy.csv.gz" value={draft.paths} onChange={(event) => change({ paths: event.currentTarget.value })} error={issue} spellCheck={false} />
      <Select size="xs" w={120} label="Form" description="Who wrote it" data={PRESETS} value={draft.preset} onChange={(value) => change({ preset: value ?? AUTO })} allowDeselect={false} />
      <TextInput size="xs" w={110} label="Symbol" description="Empty: found out" value={draft.symbol} onChange={(event) => change({ symbol: event.currentTarget.value })} spellCheck={false} />
      <Select size="xs" w={110} label="Bars" description="Width" data={[AUTO, ...TIMEFRAMES]} value={draft.timeframe} onChange={(value) => change({ timeframe: value ?? AUTO })} allowDeselect={false} />
      <Select size="xs" w={130} label="Times" description="Zone of the clock" data={ZONES} value={draft.timeZone} onChange={(value) => change({ timeZone: value ?? AUTO })} allowDeselect={false} />
      <div className="field"><span>Bars that are stored already</span><SegmentedControl size="xs" data={[{ value: 'keep', label: 'Stay' }, { value: 'replace', label: 'Are replaced' }]} value={draft.policy} onChange={(policy) => change({ policy })} /></div>
      <Button size="xs" type="submit" variant="default" disabled={!wish.success} loading={preview.isPending}>Look at it first</Button>
      <Button size="xs" disabled={!wish.success || preview.data === undefined || preview.data.usable === 0} loading={start.isPending} onClick={() => { if (wish.success) start.mutate(wish.data, { onSuccess: () => preview.reset() }); }}>Import</Button>
      {preview.error !== null && <Failure error={preview.error} />}
      {start.error !== null && <Failure error={start.error} />}
      {preview.data !== undefined && <div className="preview-place"><PreviewList preview={preview.data} /></div>}
    </form>
  );
}
