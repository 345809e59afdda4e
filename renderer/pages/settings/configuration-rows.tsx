/** Settings of the installation in rows: written here, or locked where a file or the environment wins. */
import type { JSX } from 'react';
import { PasswordInput, Select, TextInput } from '@mantine/core';
import { settingDefault, settingFacts, WRITABLE_KEYS } from '#app/contracts/configuration.ts';
import type { ChangeOutlook, Configuration, SettingFacts, SettingView, WritableKey } from '#app/contracts/configuration.ts';
import { Empty } from '../../ui/kit.tsx';
import { changeSetting, useDraft } from './draft.ts';
import { matches } from './search.ts';
import { SettingRow } from './setting-row.tsx';

/** When a changed setting counts. */
function countsWhen({ restarts }: SettingFacts): string {
  if (restarts === 'everything') return 'counts at the next start';
  return restarts.length === 0 ? 'counts at once' : `restarts ${restarts.join(', ')}`;
}

const GROUPS: Readonly<Record<SettingFacts['section'], string>> = { mail: 'E-mail', webhook: 'Webhook', logs: 'Logs', ports: 'Ports on this computer', servers: 'Servers of your own', demo: 'Simulator' };

function Control({ setting, value, change }: { setting: SettingView; value: string | null | undefined; change: (next: string | null | undefined) => void }): JSX.Element {
  const facts = settingFacts(setting.key);
  const common = { 'aria-label': facts.title, disabled: setting.isLocked, size: 'xs' as const };
  const write = (next: string): void => change(next === (setting.value ?? '') ? undefined : next === '' ? null : next);
  if (facts.kind === 'secret') {
    return <PasswordInput {...common} autoComplete="new-password" placeholder={value === null ? 'will be removed' : setting.isSet ? '•••••• is set; type to replace it' : 'not set'} value={value ?? ''} onChange={(event) => change(event.currentTarget.value === '' ? undefined : event.currentTarget.value)} />;
  }
  const shown = value === undefined ? (setting.value ?? '') : (value ?? '');
  if (facts.kind === 'choice') {
    return <Select {...common} data={[...facts.choices]} value={shown === '' ? null : shown} placeholder={settingDefault(setting.key)} clearable onChange={(next) => write(next ?? '')} comboboxProps={{ shadow: 'md' }} />;
  }
  return <TextInput {...common} className={facts.unit === '' ? '' : 'se-number'} placeholder={settingDefault(setting.key)} value={shown} onChange={(event) => write(event.currentTarget.value)} rightSection={facts.unit === '' ? undefined : <span className="muted se-unit">{facts.unit}</span>} rightSectionWidth={60} inputMode={facts.kind === 'text' ? 'text' : 'decimal'} />;
}

/** The rows of some sections. `outlook`: what the pending change would do, as far as it is known. */
export function ConfigurationRows({ sections, configuration, outlook, search }: { sections: readonly SettingFacts['section'][]; configuration: Configuration; outlook: ChangeOutlook | null; search: string }): JSX.Element {
  const byKey = new Map<WritableKey, SettingView>(configuration.settings.map((setting) => [setting.key, setting]));
  const keys = WRITABLE_KEYS.filter((key) => sections.includes(settingFacts(key).section) && matches(search, key, settingFacts(key).title, settingFacts(key).effect));
  if (keys.length === 0) return <Empty title="Nothing here">No setting of this section matches the search.</Empty>;
  return (
    <>
      {sections.filter((section) => keys.some((key) => settingFacts(key).section === section)).map((section) => (
        <section key={section} className="se-group" aria-label={GROUPS[section]}>
          {sections.length > 1 && <h3>{GROUPS[section]}</h3>}
          {keys.filter((key) => settingFacts(key).section === section).map((key) => <Row key={key} settingKey={key} setting={byKey.get(key)} outlook={outlook} />)}
        </section>
      ))}
    </>
  );
}

function Row({ settingKey: key, setting, outlook }: { settingKey: WritableKey; setting: SettingView | undefined; outlook: ChangeOutlook | null }): JSX.Element | null {
  const draft = useDraft().settings;
  if (setting === undefined) return null;
  const facts = settingFacts(key);
  const isChanged = Object.hasOwn(draft, key);
  const problem = outlook?.problems.find((one) => one.key === key);
  return (
    <SettingRow
      title={facts.title} effect={<>{facts.effect} <code>{key}</code></>} fallback={settingDefault(key)} counts={countsWhen(facts)} problem={problem === undefined || setting.isLocked ? null : `This ${problem.problem}: ${problem.remedy}`}
      locked={setting.isLocked ? setting.place : null} pending={setting.isPending} undo={isChanged ? () => changeSetting(key, undefined) : null}
      note={facts.kind === 'secret' && setting.isSet && !setting.isLocked && !isChanged ? <button type="button" className="link-button se-small" onClick={() => changeSetting(key, null)}>Remove what is set</button> : undefined}
    >
      <Control setting={setting} value={isChanged ? (draft[key] ?? null) : undefined} change={(next) => changeSetting(key, next)} />
    </SettingRow>
  );
}
