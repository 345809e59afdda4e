/** Bars from files, and bars into files. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, SegmentedControl, Select, TextInput } from '@mantine/core';
import { exportWishSchema } from '#app/contracts/bulk.ts';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { readExport } from '../../../data/client.ts';
import { Card, Failure } from '../../../ui/kit.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { ImportForm } from './import-form.tsx';
import { ImportList } from './import-list.tsx';

/** A long history of many symbols takes its time. */
const EXPORT_MS = 600_000;
const ADJUSTMENTS = [{ value: 'raw', label: 'As traded' }, { value: 'split', label: 'Splits removed' }, { value: 'all', label: 'Splits and dividends removed' }];

function ExportForm(): JSX.Element {
  const [symbols, setSymbols] = useState('');
  const [timeframe, setTimeframe] = useState<string>('1Day');
  const [adjustment, setAdjustment] = useState('raw');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const names = symbols.split(/[\s,;]+/).filter((name) => name !== '').join(',');
  const given = { symbols: names, timeframe, adjustment, ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }) };
  const wish = exportWishSchema.safeParse(given);
  const save = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      saveFile(`bars-${names.length > 40 ? `${names.split(',').length}-symbols` : names.replaceAll(/[^A-Z0-9,]/gi, '-').replaceAll(',', '-')}-${timeframe}.csv`, await readExport(given, AbortSignal.timeout(EXPORT_MS)));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="wish-form" onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <TextInput size="xs" className="grow" label="Symbols" description="Up to 500" placeholder="AAPL, MSFT" value={symbols} onChange={(event) => setSymbols(event.currentTarget.value)} error={names !== '' && !wish.success ? wish.error.issues[0]?.message : undefined} spellCheck={false} />
      <Select size="xs" w={100} label="Bars" description="Width" data={[...TIMEFRAMES]} value={timeframe} onChange={(value) => setTimeframe(value ?? '1Day')} allowDeselect={false} />
      <div className="field"><span>Prices</span><SegmentedControl size="xs" data={ADJUSTMENTS} value={adjustment} onChange={setAdjustment} /></div>
      <TextInput size="xs" w={130} label="From" description="Empty: the first" type="date" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput size="xs" w={130} label="To" description="Empty: the newest" type="date" value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      <Button size="xs" type="submit" variant="default" disabled={!wish.success} loading={isBusy}>Save as CSV</Button>
      {failure !== null && <Failure error={failure} />}
    </form>
  );
}

/** The tab. */
export function FilesTab(): JSX.Element {
  return (
    <div className="data-tab">
      <Card title="Import files"><ImportForm /></Card>
      <ImportList />
      <Card title="Export" extra={<span className="muted">the import reads it back to the same bars</span>}><ExportForm /></Card>
    </div>
  );
}
