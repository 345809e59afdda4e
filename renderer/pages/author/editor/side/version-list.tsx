/** Every save is a version: what was noted, when and by whom, what is known of it; compare any two, take an old one up again. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconArrowBackUp, IconChartLine, IconCircleCheck, IconDots, IconEye, IconEyeOff, IconGitCompare, IconX } from '@tabler/icons-react';
import type { VersionView } from '#app/contracts/author.ts';
import { call } from '../../../../data/client.ts';
import { age, bothZones, counted } from '../../../../ui/format.ts';
import { Answer, Failure, Tag } from '../../../../ui/kit.tsx';
import { tell } from '../../../../ui/notice.ts';
import { restoreVersion, takeTypedNow } from '../acts.ts';
import { useWays } from '../go.ts';
import { useVersions } from '../queries.ts';
import { changeSession, sessionNow } from '../session.ts';
import type { CompareSide, Doc } from '../session.ts';
import { useAct } from '../use-act.ts';

const CHECKS = { clean: ['good', 'The source is clean'], warnings: ['warn', 'The source has warnings'], errors: ['bad', 'The source has errors'], unchecked: ['idle', 'The source was not checked yet'] } as const;
const LOOKS = { clean: ['good', 'Does not know the future'], found: ['bad', 'A look into the future was found'], unchecked: ['idle', 'Not checked for looks into the future yet'] } as const;

async function sideOf(projectId: string, version: number): Promise<CompareSide> {
  const { doc } = sessionNow();
  const files = doc !== null && doc.base.version === version ? doc.baseFiles : (await call('projectVersion', { projectId, version })).files;
  return { title: `Version ${version}`, files };
}

/** Shows an older version beside what is in the editor. */
async function compareWithNow(doc: Doc, version: number): Promise<void> {
  takeTypedNow();
  const left = await sideOf(doc.project.projectId, version);
  const now = sessionNow().doc;
  if (now !== null) changeSession({ comparison: { left, right: { title: now.isReadOnly ? `Version ${now.base.version}` : 'In the editor', files: now.files } } });
}

async function compareTwo(projectId: string, one: number, other: number): Promise<void> {
  const [left, right] = await Promise.all([sideOf(projectId, Math.min(one, other)), sideOf(projectId, Math.max(one, other))]);
  changeSession({ comparison: { left, right } });
}

function Marks({ version }: { version: VersionView }): JSX.Element {
  const [checkTone, checkWords] = CHECKS[version.check];
  const [lookTone, lookWords] = LOOKS[version.lookAhead];
  return (
    <span className="ed-marks">
      <Tooltip label={checkWords}><span className={`tone-${checkTone}`} aria-label={checkWords}>{version.check === 'clean' ? <IconCircleCheck size={13} /> : <IconAlertTriangle size={13} />}</span></Tooltip>
      <Tooltip label={lookWords}><span className={`tone-${lookTone}`} aria-label={lookWords}>{version.lookAhead === 'found' ? <IconEye size={13} /> : <IconEyeOff size={13} />}</span></Tooltip>
      {version.runs > 0 && <Tooltip label={`${counted(version.runs, 'back-test')} of this version`}><span><IconChartLine size={13} />{version.runs}</span></Tooltip>}
      {version.strategies.map((name) => <Tag key={name} tone="busy">{name}</Tag>)}
    </span>
  );
}

type RowActs = { readonly open: () => void; readonly compare: () => void; readonly choose: () => void; readonly restore: () => void };

function Row({ version, state, acts }: { version: VersionView; state: { isOpen: boolean; isNewest: boolean; isChosen: boolean }; acts: RowActs }): JSX.Element {
  return (
    <div className={`ed-version ${state.isOpen ? 'open' : ''} ${state.isChosen ? 'chosen' : ''}`}>
      <button type="button" className="ed-version-face" aria-current={state.isOpen} onClick={acts.open}>
        <b className="num">{version.version}</b>
        <span className="ed-version-note">{version.note === '' ? <i className="muted">{version.restoredFrom === null ? 'No note' : `Version ${version.restoredFrom} restored`}</i> : version.note}</span>
        <Tooltip label={bothZones(version.savedAt)} multiline style={{ whiteSpace: 'pre-line' }} openDelay={300}><small className="muted">{age(Date.now() - version.savedAt)} · {version.signature?.name === undefined || version.signature.name === '' ? version.savedBy : version.signature.name}</small></Tooltip>
        <Marks version={version} />
      </button>
      <Menu position="bottom-end" width={210} shadow="md">
        <Menu.Target><ActionIcon className="ed-version-more" size="sm" variant="subtle" color="gray" aria-label={`More about version ${version.version}`}><IconDots size={14} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEye size={13} />} onClick={acts.open}>{state.isNewest ? 'Open' : 'Look at it'}</Menu.Item>
          <Menu.Item leftSection={<IconGitCompare size={13} />} onClick={acts.compare}>Compare with now</Menu.Item>
          <Menu.Item leftSection={<IconGitCompare size={13} />} onClick={acts.choose}>Compare with another…</Menu.Item>
          {!state.isNewest && <Menu.Item leftSection={<IconArrowBackUp size={13} />} onClick={acts.restore}>Restore</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

/** Asks in place before an old version is taken up. */
export function RestoreAsk({ version, newest, close }: { version: number; newest: number; close: () => void }): JSX.Element {
  const ways = useWays();
  const act = useAct();
  const restore = (): void => act.run(async () => {
    const { doc } = sessionNow();
    await restoreVersion(version);
    tell({ text: `Version ${version} is taken up again, as a new version.` });
    if (doc !== null) ways.open(doc.project.projectId);
    close();
  });
  return (
    <div className="ed-ask" role="alertdialog" aria-label={`Restore version ${version}`}>
      <p>Version {version} becomes the new version {newest + 1}. Every version stays, and nothing that is deployed changes.</p>
      {act.failure !== null && <Failure error={act.failure} />}
      <div><Button size="compact-xs" loading={act.isRunning} onClick={restore}>Restore version {version}</Button><Button size="compact-xs" variant="subtle" color="gray" onClick={close}>Not now</Button></div>
    </div>
  );
}

/** The list. */
export function VersionList({ doc }: { doc: Doc }): JSX.Element {
  const { projectId } = doc.project;
  const versions = useVersions(projectId);
  const ways = useWays();
  const act = useAct();
  const [asked, setAsked] = useState<number | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const open = (version: VersionView, newest: number): void => {
    if (chosen === null || chosen === version.version) return ways.open(projectId, version.version === newest ? undefined : version.version);
    setChosen(null);
    act.run(() => compareTwo(projectId, chosen, version.version));
  };
  return (
    <section className="ed-versions" aria-label="Versions">
      {chosen !== null && <p className="ed-choosing" role="status">Choose what version {chosen} is compared with.<ActionIcon size="xs" variant="subtle" color="gray" aria-label="Stop choosing" onClick={() => setChosen(null)}><IconX size={12} /></ActionIcon></p>}
      {act.failure !== null && <Failure error={act.failure} />}
      <Answer query={versions}>{({ versions: all }) => {
        const newest = all[0]?.version ?? doc.base.version;
        return <ul>{all.map((version) => (
          <li key={version.version}>
            <Row version={version} state={{ isOpen: version.version === doc.base.version, isNewest: version.version === newest, isChosen: version.version === chosen }}
              acts={{ open: () => open(version, newest), compare: () => act.run(() => compareWithNow(doc, version.version)), choose: () => setChosen(version.version), restore: () => setAsked(version.version) }} />
            {asked === version.version && <RestoreAsk version={version.version} newest={newest} close={() => setAsked(null)} />}
          </li>
        ))}</ul>;
      }}</Answer>
    </section>
  );
}
