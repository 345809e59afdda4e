/** The saved screens: those of the house and one's own, what they found last, and what can be done with them. */
import type { JSX, ReactNode } from 'react';
import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconBell, IconChevronDown, IconChevronRight, IconClock, IconCopy, IconDots, IconHistory, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import type { SavedScreen } from '#app/contracts/screener.ts';
import { useAge } from '../../data/clock.ts';
import { age, count } from '../../ui/format.ts';
import { Answer, SkeletonRows } from '../../ui/kit.tsx';
import { isChanged } from './draft.ts';
import { changeLook, useDraft, useLook } from './page-state.ts';
import { beginScreen, duplicateScreen, openScreen, useDeletion, useSavedScreens, useScreens } from './saved.ts';

/** What a list entry opens beside itself. */
export type ListActs = { history(screen: SavedScreen): void; rename(screen: SavedScreen): void };

const SCHEDULES = { off: '', hourly: 'Runs after each hourly fetch', daily: 'Runs once after the close' } as const;

function LastRun({ screen }: { screen: SavedScreen }): JSX.Element | null {
  const ms = useAge(screen.lastRunAt);
  if (screen.problem !== null) return <Tooltip label={screen.problem} multiline maw={320}><span className="screen-members warn-text">failed</span></Tooltip>;
  if (screen.lastRunAt === null || screen.members === null) return null;
  return <Tooltip label={`${count(screen.members)} found by its last run, ${age(ms)} ago`}><span className="screen-members num">{count(screen.members)}</span></Tooltip>;
}

function Entry({ screen, isOpen, isDirty, acts, remove }: { screen: SavedScreen; isOpen: boolean; isDirty: boolean; acts: ListActs; remove: (screen: SavedScreen) => void }): JSX.Element {
  const hasAlerts = screen.alerts.onEntry || screen.alerts.onExit;
  return (
    <li className={isOpen ? 'saved-screen open' : 'saved-screen'}>
      <button type="button" className="saved-name" aria-current={isOpen} title={screen.isBuiltIn ? `${screen.name}, a screen of the house` : screen.name} onClick={() => openScreen(screen)}>
        <span>{screen.name}</span>{isDirty && <i className="unsaved-dot" aria-label="has unsaved changes" />}
      </button>
      {screen.schedule !== 'off' && <Tooltip label={`${SCHEDULES[screen.schedule]}${hasAlerts ? '; tells who comes in or leaves' : ''}`}><span className="screen-mark">{hasAlerts ? <IconBell size={12} aria-label="scheduled, with alerts" /> : <IconClock size={12} aria-label="scheduled" />}</span></Tooltip>}
      <LastRun screen={screen} />
      <Menu position="bottom-end" width={190} shadow="md">
        <Menu.Target><ActionIcon className="screen-more" size="sm" variant="subtle" color="gray" aria-label={`More about ${screen.name}`}><IconDots size={14} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {!screen.isBuiltIn && <Menu.Item leftSection={<IconPencil size={13} />} onClick={() => acts.rename(screen)}>Rename</Menu.Item>}
          <Menu.Item leftSection={<IconCopy size={13} />} onClick={() => duplicateScreen(screen)}>Duplicate</Menu.Item>
          <Menu.Item leftSection={<IconHistory size={13} />} onClick={() => acts.history(screen)}>Who came in, who left</Menu.Item>
          {!screen.isBuiltIn && <Menu.Item leftSection={<IconTrash size={13} />} color="red" onClick={() => remove(screen)}>Delete</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
    </li>
  );
}

function Group({ title, screens, children }: { title: string; screens: readonly SavedScreen[]; children: (screen: SavedScreen) => ReactNode }): JSX.Element | null {
  return screens.length === 0 ? null : <><li className="saved-group">{title}</li>{screens.map(children)}</>;
}

/** The list. */
export function SavedList(acts: ListActs): JSX.Element {
  const query = useScreens();
  const screens = useSavedScreens();
  const draft = useDraft();
  const { isListOpen } = useLook();
  const remove = useDeletion();
  const isDirty = isChanged(draft);
  const entry = (screen: SavedScreen): JSX.Element => {
    const isOpen = draft.base?.screenId === screen.screenId;
    return <Entry key={screen.screenId} screen={screen} isOpen={isOpen} isDirty={isOpen && isDirty} acts={acts} remove={remove} />;
  };
  return (
    <section className="side-part saved" aria-label="Saved screens">
      <header>
        <button type="button" className="side-title" aria-expanded={isListOpen} onClick={() => changeLook({ isListOpen: !isListOpen })}>{isListOpen ? <IconChevronDown size={13} /> : <IconChevronRight size={13} />}Screens{!isListOpen && <span className="muted">{draft.base?.name ?? 'new'}</span>}</button>
        <Tooltip label="New screen (n)"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="New screen" onClick={beginScreen}><IconPlus size={14} /></ActionIcon></Tooltip>
      </header>
      {isListOpen && <Answer query={query} skeleton={<SkeletonRows count={4} />}>{() => (
        <ul className="saved-list">
          {screens.length === 0 && <li className="muted side-note">No screens are saved yet. Build one below and save it.</li>}
          {draft.base === null && (isDirty || draft.name !== '') && <li className="saved-screen open"><span className="saved-name"><span>{draft.name.trim() === '' ? 'New screen' : draft.name}</span><i className="unsaved-dot" aria-label="not saved" /></span></li>}
          <Group title="Own" screens={screens.filter((screen) => !screen.isBuiltIn)}>{entry}</Group>
          <Group title="Of the house" screens={screens.filter((screen) => screen.isBuiltIn)}>{entry}</Group>
        </ul>
      )}</Answer>}
    </section>
  );
}
