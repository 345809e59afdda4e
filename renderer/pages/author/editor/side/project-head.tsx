/** Which project is open, and the way to the others: search, begin, rename, duplicate, put away, hand on. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Menu, Popover, TextInput, Tooltip } from '@mantine/core';
import { IconArchive, IconChevronDown, IconCopy, IconDots, IconDownload, IconPencil, IconPlus, IconSearch } from '@tabler/icons-react';
import { projectNameSchema } from '#app/contracts/author.ts';
import type { ProjectView } from '#app/contracts/author.ts';
import { age, counted } from '../../../../ui/format.ts';
import { Answer, Failure, SkeletonRows } from '../../../../ui/kit.tsx';
import { tell } from '../../../../ui/notice.ts';
import { saveFile } from '../../../../ui/save-file.ts';
import { archiveProject, createProject, renameProject, wordsOf } from '../acts.ts';
import { freeName } from '../files.ts';
import { setGallery } from '../gallery/gallery-store.ts';
import { useWays } from '../go.ts';
import { useProjects } from '../queries.ts';
import type { Doc } from '../session.ts';
import { exportOf, fileNameOf } from '../transfer.ts';
import { useAct } from '../use-act.ts';

const NONE: readonly ProjectView[] = [];

function ProjectList({ openId, pick }: { openId: string; pick: (project: ProjectView) => void }): JSX.Element {
  const [query, setQuery] = useState('');
  const [isArchived, setArchived] = useState(false);
  const projects = useProjects(isArchived ? 'only' : 'no');
  const wanted = query.trim().toLowerCase();
  return (
    <div className="ed-projects">
      <TextInput size="xs" data-autofocus leftSection={<IconSearch size={13} />} placeholder="Search strategies" aria-label="Search strategies" value={query} onChange={(event) => setQuery(event.currentTarget.value)} />
      <Answer query={projects} skeleton={<SkeletonRows count={4} />}>{({ projects: all }) => {
        const found = all.filter(({ name, title }) => `${name} ${title ?? ''}`.toLowerCase().includes(wanted));
        if (found.length === 0) return <p className="muted ed-note">{isArchived ? 'Nothing was put away.' : 'None has this name.'}</p>;
        return <ul>{found.slice(0, 200).map((project) => <li key={project.projectId}><button type="button" className={project.projectId === openId ? 'chosen' : ''} onClick={() => pick(project)}><span>{project.name}</span><small className="muted">v{project.latest.version} · {age(Date.now() - project.updatedAt)}</small></button></li>)}</ul>;
      }}</Answer>
      <footer>
        <button type="button" className="link-button" onClick={() => setGallery(true)}>New strategy…</button>
        <button type="button" className="link-button muted" onClick={() => setArchived(!isArchived)}>{isArchived ? 'Show those in use' : 'Show those put away'}</button>
      </footer>
    </div>
  );
}

function RenameField({ project, done }: { project: ProjectView; done: () => void }): JSX.Element {
  const [name, setName] = useState(project.name);
  const act = useAct();
  const parsed = projectNameSchema.safeParse(name);
  const submit = (): void => {
    if (!parsed.success) return;
    if (parsed.data === project.name) return done();
    act.run(async () => {
      await renameProject(project.projectId, parsed.data);
      done();
    });
  };
  return (
    <div className="ed-rename">
      <TextInput size="xs" autoFocus aria-label="Name of the strategy" value={name} maxLength={90} error={parsed.success ? (act.failure === null ? null : wordsOf(act.failure)) : parsed.error.issues[0]?.message} onChange={(event) => setName(event.currentTarget.value)} onFocus={(event) => event.currentTarget.select()}
        onKeyDown={(event) => { if (event.key === 'Enter') submit(); else if (event.key === 'Escape') done(); }} onBlur={() => { if (parsed.success) submit(); else done(); }} />
    </div>
  );
}

function MoreMenu({ doc, rename, act }: { doc: Doc; rename: () => void; act: ReturnType<typeof useAct> }): JSX.Element {
  const ways = useWays();
  const projects = useProjects().data?.projects ?? NONE;
  const { project, base } = doc;
  const duplicate = (): void => act.run(async () => ways.open(await createProject(freeName(`${project.name} copy`, projects.map(({ name }) => name)), { from: 'version', projectId: project.projectId, version: base.version })));
  const handOn = (): void => saveFile(fileNameOf(project.name, base.version), new Blob([`${JSON.stringify(exportOf({ project, version: base, files: [...doc.baseFiles] }, Date.now()), null, 2)}\n`], { type: 'application/json' }));
  const archive = (): void => act.run(async () => {
    await archiveProject(project.projectId, !project.isArchived);
    if (project.isArchived) return;
    ways.leave();
    tell({ text: `“${project.name}” was put away.`, undo: () => { archiveProject(project.projectId, false).then(() => ways.open(project.projectId), (error: unknown) => tell({ text: wordsOf(error) })); } });
  });
  return (
    <Menu position="bottom-end" width={200} shadow="md">
      <Menu.Target><ActionIcon size="sm" variant="subtle" color="gray" aria-label="More about this strategy"><IconDots size={15} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={13} />} onClick={rename}>Rename</Menu.Item>
        <Menu.Item leftSection={<IconCopy size={13} />} onClick={duplicate}>Duplicate</Menu.Item>
        <Menu.Item leftSection={<IconDownload size={13} />} onClick={handOn}>Export version {base.version}</Menu.Item>
        <Menu.Item leftSection={<IconArchive size={13} />} onClick={archive}>{project.isArchived ? 'Take out again' : 'Put away'}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The head of the left column. */
export function ProjectHead({ doc }: { doc: Doc }): JSX.Element {
  const ways = useWays();
  const act = useAct();
  const [isListOpen, setListOpen] = useState(false);
  const [isRenaming, setRenaming] = useState(false);
  return (
    <header className="ed-project">
      {isRenaming ? <RenameField project={doc.project} done={() => setRenaming(false)} /> : (
        <Popover opened={isListOpen} onChange={setListOpen} width={300} position="bottom-start" shadow="md" trapFocus>
          <Popover.Target><button type="button" className="ed-project-name" aria-expanded={isListOpen} title={doc.project.name} onClick={() => setListOpen(!isListOpen)}><strong>{doc.project.name}</strong><IconChevronDown size={13} aria-hidden /></button></Popover.Target>
          <Popover.Dropdown p={8}><ProjectList openId={doc.project.projectId} pick={({ projectId }) => { setListOpen(false); ways.open(projectId); }} /></Popover.Dropdown>
        </Popover>
      )}
      <Tooltip label="New strategy"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="New strategy" onClick={() => setGallery(true)}><IconPlus size={15} /></ActionIcon></Tooltip>
      <MoreMenu doc={doc} rename={() => setRenaming(true)} act={act} />
      <small className="muted ed-project-facts">{doc.project.isArchived ? 'Put away · ' : ''}{counted(doc.project.versions, 'version')}</small>
      {act.failure !== null && <Failure error={act.failure} />}
    </header>
  );
}
