/** Where a strategy begins: templates by level with what they teach and their source, an empty one, a file; and what was written before. */
import { useMemo, useRef, useState } from 'react';
import type { JSX } from 'react';
import { Button, TextInput, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconBook2, IconFilePlus, IconSearch, IconUpload } from '@tabler/icons-react';
import type { ProjectView, StrategyTemplate } from '#app/contracts/author.ts';
import { age } from '../../../../ui/format.ts';
import { Answer, Empty, Failure, SkeletonRows, Tag } from '../../../../ui/kit.tsx';
import { createProject } from '../acts.ts';
import { freeName } from '../files.ts';
import { useWays } from '../go.ts';
import { LazySourceView } from '../lazy.tsx';
import { useProjects, useTemplates } from '../queries.ts';
import { readStrategyFile } from '../transfer.ts';
import { useAct } from '../use-act.ts';
import { EMPTY_STRATEGY } from './empty-strategy.ts';
import { Sketch } from './sketch.tsx';

const LEVELS: readonly (readonly [StrategyTemplate['level'], string, string])[] = [
  ['first', 'First steps', 'Short, and explained line by line.'], ['common', 'Well known', 'What most people begin with.'], ['advanced', 'Advanced', 'Several symbols, orders of your own, memory.'],
];
const NONE: readonly ProjectView[] = [];

function matches(template: StrategyTemplate, query: string): boolean {
  const words = `${template.title} ${template.description} ${template.teaches.join(' ')}`.toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => words.includes(word));
}

function TemplateCard({ template, isShown, isBusy, show, start }: { template: StrategyTemplate; isShown: boolean; isBusy: boolean; show: () => void; start: () => void }): JSX.Element {
  return (
    <li className={isShown ? 'ed-template shown' : 'ed-template'}>
      <button type="button" className="ed-template-face" aria-pressed={isShown} onClick={show}>
        <Sketch template={template} />
        <strong>{template.title}</strong>
        <span className="ed-template-tags">{template.isExample && <Tag tone="busy">explains itself</Tag>}<Tag>{template.scope === 'portfolio' ? 'portfolio' : 'one symbol'}</Tag></span>
        <p>{template.description}</p>
      </button>
      <footer><Button size="compact-xs" variant={isShown ? 'filled' : 'default'} loading={isBusy} onClick={start}>Start from this</Button><button type="button" className="link-button" onClick={show}>Read it</button></footer>
    </li>
  );
}

function Preview({ template, isBusy, start }: { template: StrategyTemplate; isBusy: boolean; start: () => void }): JSX.Element {
  const [path, setPath] = useState<string | null>(null);
  const file = template.files.find((one) => one.path === path) ?? template.files[0];
  return (
    <aside className="ed-preview" aria-label={`Source of ${template.title}`}>
      <header>
        <div><h2>{template.title}</h2><p className="muted">{template.suggested.symbols.join(', ')} · {template.suggested.timeframe}</p></div>
        <Button size="compact-sm" loading={isBusy} onClick={start}>Start from this</Button>
      </header>
      {template.teaches.length > 0 && <div className="ed-teaches"><h3><IconBook2 size={13} aria-hidden /> You learn</h3><ul>{template.teaches.map((point) => <li key={point}>{point}</li>)}</ul></div>}
      {template.files.length > 1 && <div className="ed-preview-files">{template.files.map((one) => <button key={one.path} type="button" className={one.path === file?.path ? 'chip chosen' : 'chip'} onClick={() => setPath(one.path)}>{one.path}</button>)}</div>}
      <div className="ed-preview-code">{file !== undefined && <LazySourceView key={`${template.templateId}/${file.path}`} text={file.text} label={`${template.title}, ${file.path}`} />}</div>
    </aside>
  );
}

function Written({ projects }: { projects: readonly ProjectView[] }): JSX.Element | null {
  const ways = useWays();
  if (projects.length === 0) return null;
  return (
    <section>
      <h2>Go on with</h2>
      <ul className="ed-recent">{projects.slice(0, 6).map((project) => <li key={project.projectId}><button type="button" onClick={() => ways.open(project.projectId)}><strong>{project.name}</strong><small className="muted">version {project.latest.version} · {age(Date.now() - project.updatedAt)} ago</small></button></li>)}</ul>
    </section>
  );
}

function Begin({ begin, isRunning, readFile, query, setQuery }: { begin: (name: string, from: 'empty') => void; isRunning: boolean; readFile: (file: File) => void; query: string; setQuery: (next: string) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="ed-begin">
      <TextInput size="xs" leftSection={<IconSearch size={13} />} placeholder="Search: dip, stop, portfolio" aria-label="Search the templates" value={query} onChange={(event) => setQuery(event.currentTarget.value)} />
      <Button size="xs" variant="default" leftSection={<IconFilePlus size={14} />} disabled={isRunning} onClick={() => begin('My strategy', 'empty')}>Empty strategy</Button>
      <Tooltip label="A .json file that was exported here, or a .ts file"><Button size="xs" variant="default" leftSection={<IconUpload size={14} />} disabled={isRunning} onClick={() => input.current?.click()}>Import a file</Button></Tooltip>
      <input ref={input} type="file" accept=".json,.ts" hidden data-testid="import" onChange={(event) => { const file = event.currentTarget.files?.[0]; event.currentTarget.value = ''; if (file !== undefined) readFile(file); }} />
    </div>
  );
}

/** The gallery. `close`: back to the project that is open; null = there is none. */
export function Gallery({ close }: { close: (() => void) | null }): JSX.Element {
  const templates = useTemplates(true);
  const projects = useProjects().data?.projects ?? NONE;
  const ways = useWays();
  const act = useAct();
  const [query, setQuery] = useState('');
  const [shownId, setShownId] = useState<string | null>(null);
  const [startedId, setStartedId] = useState<string | null>(null);
  const names = useMemo(() => projects.map(({ name }) => name), [projects]);
  const start = (template: StrategyTemplate): void => {
    setStartedId(template.templateId);
    act.run(async () => ways.open(await createProject(freeName(template.title, names), { from: 'template', templateId: template.templateId })));
  };
  const beginEmpty = (name: string): void => act.run(async () => ways.open(await createProject(freeName(name, names), { from: 'files', files: [...EMPTY_STRATEGY] })));
  const readFile = (file: File): void => act.run(async () => {
    const read = await readStrategyFile(file);
    ways.open(await createProject(freeName(read.name, names), { from: 'files', files: [...read.files] }, read.note));
  });
  const shown = templates.data?.templates.find((one) => one.templateId === shownId) ?? null;
  return (
    <div className={shown === null ? 'ed-gallery' : 'ed-gallery with-preview'}>
      <div className="ed-gallery-list">
        <header>
          {close !== null && <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconArrowLeft size={14} />} onClick={close}>Back</Button>}
          <div><h1>Start a strategy</h1><p className="muted">Take one that works and change it, or begin with nothing. Nothing trades until you deploy it.</p></div>
        </header>
        <Begin begin={beginEmpty} isRunning={act.isRunning} readFile={readFile} query={query} setQuery={setQuery} />
        {act.failure !== null && <Failure error={act.failure} />}
        <Written projects={projects} />
        <Answer query={templates} skeleton={<SkeletonRows count={8} />}>{({ templates: all }) => {
          const found = all.filter((template) => matches(template, query.trim()));
          if (found.length === 0) return <Empty title="No template fits" action={<Button size="compact-sm" variant="default" onClick={() => setQuery('')}>Show all</Button>}>Try another word, or begin with an empty strategy.</Empty>;
          return LEVELS.map(([level, name, about]) => {
            const of = found.filter((template) => template.level === level);
            return of.length === 0 ? null : (
              <section key={level}>
                <h2>{name} <small className="muted">{about}</small></h2>
                <ul className="ed-templates">{of.map((template) => <TemplateCard key={template.templateId} template={template} isShown={template.templateId === shownId} isBusy={act.isRunning && startedId === template.templateId} show={() => setShownId(template.templateId === shownId ? null : template.templateId)} start={() => start(template)} />)}</ul>
              </section>
            );
          });
        }}</Answer>
      </div>
      {shown !== null && <Preview template={shown} isBusy={act.isRunning} start={() => start(shown)} />}
    </div>
  );
}
