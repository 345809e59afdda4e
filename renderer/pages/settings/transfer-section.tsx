/** All settings as a file, and back: what a file would change is a draft first. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, FileButton } from '@mantine/core';
import { useDeployments } from '../../data/flow-queries.ts';
import { useRoute } from '../../data/queries.ts';
import { readUiState, setUiState, uiState } from '../../data/ui-state.ts';
import { saveFile } from '../../ui/save-file.ts';
import { counted, marketDay } from '../../ui/format.ts';
import { fillDraft } from './draft.ts';
import { SettingRow } from './setting-row.tsx';
import { changesOf, readSettingsFile, settingsFile } from './transfer.ts';
import type { SettingsFile } from './transfer.ts';

type Told = { readonly isBad: boolean; readonly words: string };

/** The section. */
export function TransferSection(): JSX.Element {
  const configuration = useRoute('configuration', ['configuration'], {});
  const trading = useRoute('tradingState', ['tradingState'], {});
  const deployments = useDeployments();
  const [told, setTold] = useState<Told | null>(null);
  const limits = trading.data?.limits ?? null;
  const exportAll = (): void => {
    if (configuration.data === undefined || deployments.data === undefined) return;
    const flows: SettingsFile['flows'] = Object.fromEntries(deployments.data.deployments.filter(({ isCustom }) => isCustom).map(({ name, schedule, onMissed, overlap, input, retries, timeoutMs }) => [name, { schedule, onMissed, overlap, input, retries, timeoutMs }]));
    const now = Date.now();
    const file = settingsFile({ configuration: configuration.data, limits, flows, look: uiState(), now });
    saveFile(`mainspring-settings-${marketDay(now)}.json`, new Blob([JSON.stringify(file, null, 2)], { type: 'application/json' }));
    setTold({ isBad: false, words: `Written: ${counted(Object.keys(file.settings).length, 'setting')}, ${file.limits === null ? 'no limits' : 'the limits'}, ${counted(Object.keys(flows).length, 'changed flow')}, the appearance. No secrets.` });
  };
  const importFile = async (chosen: File): Promise<void> => {
    const read = readSettingsFile(await chosen.text());
    if ('problem' in read) {
      setTold({ isBad: true, words: read.problem });
      return;
    }
    if (configuration.data === undefined) return;
    const { settings, limits: changed, locked } = changesOf(read.file, configuration.data, limits);
    fillDraft({ settings, limits: changed });
    setUiState(readUiState(read.file.look));
    const flows = Object.keys(read.file.flows);
    setTold({ isBad: false, words: `${counted(Object.keys(settings).length + Object.keys(changed).length, 'change')} stand below to be saved. The appearance was taken over.${locked.length > 0 ? ` Not taken, because they are set elsewhere: ${locked.join(', ')}.` : ''}${flows.length > 0 ? ` Schedules in the file (${flows.join(', ')}) are changed flow by flow under Schedules.` : ''} Secrets are entered anew.` });
  };
  return (
    <>
      <SettingRow title="Export" effect="Settings, risk limits, changed schedules and the appearance. Keys and passwords stay here." fallback={null} undo={null}>
        <Button size="compact-sm" variant="default" disabled={configuration.data === undefined || deployments.data === undefined} onClick={exportAll}>Export settings</Button>
      </SettingRow>
      <SettingRow title="Import" effect="Reads such a file. What it would change is shown first; nothing counts before you save it." fallback={null} undo={null}>
        <FileButton accept="application/json,.json" onChange={(chosen) => { if (chosen !== null) void importFile(chosen); }}>{(props) => <Button size="compact-sm" variant="default" disabled={configuration.data === undefined || limits === null} {...props}>Import settings…</Button>}</FileButton>
      </SettingRow>
      {told !== null && <p className={told.isBad ? 'se-told loss-text' : 'se-told'} role={told.isBad ? 'alert' : 'status'}>{told.words}</p>}
    </>
  );
}
