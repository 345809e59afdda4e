/** settings: is it set up the way I want? Sections left, forms right with the effect of each setting, a bar with what is not saved yet. */
import { useState } from 'react';
import type { JSX } from 'react';
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useSearch } from '@tanstack/react-router';
import { IconAdjustments, IconBell, IconBuildingBank, IconCalendarTime, IconDatabase, IconDeviceDesktop, IconFileExport, IconLogs, IconPalette, IconSearch, IconServer, IconShieldCheck } from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import { ALERT_KIND_NAMES, alertKindFacts } from '#app/contracts/alert-settings.ts';
import { SETTING_FACTS, settingFacts, WRITABLE_KEYS } from '#app/contracts/configuration.ts';
import type { ChangeOutlook, SettingFacts } from '#app/contracts/configuration.ts';
import { useRoute } from '../../data/queries.ts';
import { useGatewayAway } from '../../data/stack.ts';
import { usePageKeys } from '../../frame/shortcuts.ts';
import { GatewayAway } from '../../health/gateway-away.tsx';
import { Answer } from '../../ui/kit.tsx';
import { SECTIONS } from './address.ts';
import type { SectionId } from './address.ts';
import { AppearanceSection } from './appearance-section.tsx';
import { ChangesBar } from './changes-bar.tsx';
import { ConfigurationRows } from './configuration-rows.tsx';
import { useDraft } from './draft.ts';
import { LIMIT_GROUPS, limitEffect } from './limits.ts';
import { LimitRows } from './limit-rows.tsx';
import { AlertChoices } from './alert-choices.tsx';
import { AccountsSection, ComputerSection, DataSection, SchedulesSection, TestMessage } from './other-sections.tsx';
import { matches } from './search.ts';
import { TransferSection } from './transfer-section.tsx';

const CHECK_AFTER_MS = 250;

const ICONS: Readonly<Record<SectionId, TablerIcon>> = {
  accounts: IconBuildingBank, risk: IconShieldCheck, schedules: IconCalendarTime, data: IconDatabase, notifications: IconBell, servers: IconServer, logs: IconLogs, demo: IconAdjustments, appearance: IconPalette, computer: IconDeviceDesktop, transfer: IconFileExport,
};

/** Which sections of settings a section of the page shows. */
const PARTS: Readonly<Partial<Record<SectionId, readonly SettingFacts['section'][]>>> = { notifications: ['mail', 'webhook'], servers: ['ports', 'servers'], logs: ['logs'], demo: ['demo'] };

/** Does a section hold anything that is searched for? */
function holds(id: SectionId, search: string): boolean {
  const section = SECTIONS.find((one) => one.id === id);
  if (section !== undefined && matches(search, section.name, section.about, section.words)) return true;
  if (id === 'risk') return LIMIT_GROUPS.some(({ fields }) => fields.some(({ key, title }) => matches(search, key, title, limitEffect(key))));
  if (id === 'notifications' && ALERT_KIND_NAMES.some((kind) => matches(search, kind, alertKindFacts(kind).title, alertKindFacts(kind).about))) return true;
  const parts = PARTS[id] ?? [];
  return Object.entries<SettingFacts>(SETTING_FACTS).some(([key, facts]) => parts.includes(facts.section) && matches(search, key, facts.title, facts.effect));
}

function Rows({ id, search, outlook }: { id: SectionId; search: string; outlook: ChangeOutlook | null }): JSX.Element {
  const configuration = useRoute('configuration', ['configuration'], {});
  return <Answer query={configuration}>{(data) => <ConfigurationRows sections={PARTS[id] ?? []} configuration={data} outlook={outlook} search={search} />}</Answer>;
}

function Limits({ search }: { search: string }): JSX.Element {
  const trading = useRoute('tradingState', ['tradingState'], {});
  return <Answer query={trading}>{(data) => <LimitRows trading={data} search={search} />}</Answer>;
}

function Content({ id, search, outlook }: { id: SectionId; search: string; outlook: ChangeOutlook | null }): JSX.Element {
  // Found by the name of the section: then all of it is shown.
  const section = SECTIONS.find((one) => one.id === id);
  const inside = section !== undefined && matches(search, section.name, section.about, section.words) ? '' : search;
  switch (id) {
    case 'accounts': return <AccountsSection />;
    case 'risk': return <Limits search={inside} />;
    case 'schedules': return <SchedulesSection search={inside} />;
    case 'data': return <DataSection />;
    case 'notifications': return <><Rows id={id} search={inside} outlook={outlook} /><TestMessage /><AlertChoices search={inside} /></>;
    case 'servers': case 'logs': case 'demo': return <Rows id={id} search={inside} outlook={outlook} />;
    case 'appearance': return <AppearanceSection search={inside} />;
    case 'computer': return <ComputerSection />;
    case 'transfer': return <TransferSection />;
  }
}

/** Does a section hold a change that is not saved? */
function useIsChanged(id: SectionId): boolean {
  const { settings, limits } = useDraft();
  const parts = PARTS[id] ?? [];
  return id === 'risk' ? Object.keys(limits).length > 0 : WRITABLE_KEYS.some((key) => Object.hasOwn(settings, key) && parts.includes(settingFacts(key).section));
}

function SectionLink({ id, name, isChosen }: { id: SectionId; name: string; isChosen: boolean }): JSX.Element {
  const Icon = ICONS[id];
  return <Link to="/settings" search={{ section: id }} className={isChosen ? 'se-section active' : 'se-section'} aria-current={isChosen ? 'page' : undefined}><Icon size={15} stroke={1.7} aria-hidden />{name}{useIsChanged(id) && <span className="se-changed" role="img" aria-label="has changes that are not saved" title="Has changes that are not saved" />}</Link>;
}

/** What the pending change of settings would do, asked a moment after the last key. */
function useOutlook(): { readonly outlook: ChangeOutlook | null; readonly isChecking: boolean; readonly failure: Error | null } {
  const { settings } = useDraft();
  const [asked] = useDebouncedValue(settings, CHECK_AFTER_MS);
  const hasAny = Object.keys(asked).length > 0;
  const query = useRoute('checkConfiguration', ['configuration', 'check', asked], { changes: asked }, { isEnabled: hasAny, everyMs: () => false });
  return { outlook: hasAny ? (query.data ?? null) : null, isChecking: asked !== settings || query.isFetching || query.isPlaceholderData, failure: hasAny ? query.error : null };
}

/** The page. */
export function SettingsPage(): JSX.Element {
  const { section } = useSearch({ from: '/settings' });
  const [search, setSearch] = useState('');
  const away = useGatewayAway();
  const { outlook, isChecking, failure } = useOutlook();
  const trading = useRoute('tradingState', ['tradingState'], {}).data ?? null;
  const found = SECTIONS.filter(({ id }) => holds(id, search));
  const chosen = found.find(({ id }) => id === section) ?? found[0];
  usePageKeys((event) => {
    if (event.key !== '/') return false;
    document.querySelector<HTMLInputElement>('.se-search input')?.focus();
    return true;
  });
  return (
    <div className="se-page">
      {away !== null && <GatewayAway>The settings are told and changed through it.</GatewayAway>}
      <nav className="se-sections" aria-label="Sections of the settings">
        <TextInput className="se-search" size="xs" value={search} onChange={(event) => setSearch(event.currentTarget.value)} placeholder="Search settings ( / )" aria-label="Search settings" leftSection={<IconSearch size={13} />} />
        {found.map(({ id, name }) => <SectionLink key={id} id={id} name={name} isChosen={chosen?.id === id} />)}
        {found.length === 0 && <p className="muted se-none">No setting has these words.</p>}
      </nav>
      <main className="se-content">
        {chosen !== undefined && (
          <section aria-label={chosen.name}>
            <header className="se-head"><h1>{chosen.name}</h1><p className="muted">{chosen.about}</p></header>
            <Content id={chosen.id} search={search} outlook={outlook} />
          </section>
        )}
      </main>
      <ChangesBar outlook={outlook} limits={trading?.limits ?? null} limitsVersion={trading?.limitsVersion ?? null} isChecking={isChecking} failure={failure} />
    </div>
  );
}
