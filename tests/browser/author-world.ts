/** A gateway that remembers strategies: projects and versions as the book has them, the real templates and declarations, and the real look over sources. */
import { createHash } from 'node:crypto';
import type { LookAheadResult, ProjectCheck, ProjectFacts, ProjectFile, ProjectFinding, ProjectVersion, ProjectView, VersionView } from '#app/contracts/author.ts';
import type { RouteParsed } from '#app/contracts/http.ts';
import { AppError } from '#app/domain/errors.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { TEMPLATES } from '#app/strategy/templates/templates.ts';
import { strategyTypings } from '#app/strategy/typings.ts';
import { checkFiles } from '../../services/research/strategy-source.ts';
import type { Script } from './scripted-gateway.ts';
import { WORLD } from './trading-world.ts';

type Stored = { readonly view: VersionView; readonly files: readonly ProjectFile[] };
type Book = Map<string, { project: Omit<ProjectView, 'latest' | 'versions'>; versions: Stored[] }>;

/** What the files of the tests begin with. */
export const DIP = TEMPLATES.find(({ templateId }) => templateId === 'first_dip') ?? TEMPLATES[0];
const HOUR = 3_600_000;

const hashOf = (files: readonly ProjectFile[]): string => createHash('sha256').update(JSON.stringify(files.map(({ path, text }) => [path, text] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)))).digest('hex');

const FACTS: ProjectFacts = { kind: 'dip', title: 'Dip', description: '', scope: 'symbol', symbols: [1, null], usesShorts: false, usesOrders: false, parameters: [], firstBar: 100, warmUpBars: 120, isMemoryFree: true };

function check(files: readonly ProjectFile[]): ProjectCheck {
  const findings = checkFiles(files);
  return { hash: hashOf(files), findings: [...findings], facts: findings.some(({ severity }) => severity === 'error') ? null : FACTS, tookMs: 12 };
}

/** What a look for the future finds in a version that holds the word `peek`. */
function lookAhead({ files }: Stored): LookAheadResult {
  const findings = files.flatMap(({ path, text }) => text.split('\n').flatMap((line, n): ProjectFinding[] => (line.includes('peek') ? [{
    source: 'look_ahead', rule: 'future_changes_signal', severity: 'error', path, line: n + 1, column: Math.max(1, line.search(/\S/) + 1), endLine: null, endColumn: null,
    message: 'On 2024-03-05 it said long with the bars after that day, and flat without them.', explanation: 'A signal that changes when later bars are taken away could not have been given at that time. Use only bars up to now.',
  }] : [])));
  return { hash: hashOf(files), symbols: ['SPY'], timeframe: '1Day', from: 0, to: 1, bars: 1_260, signals: 41, cuts: 12, isClean: findings.length === 0, isWarmUpClean: true, findings, problem: null, tookMs: 180, checkedAt: Date.now() };
}

/** A book with one project of three versions, unless it shall be empty. `otherWindow` saves as another window would. */
export type AuthorBook = { readonly script: Script; otherWindow(projectId: string, change: (files: readonly ProjectFile[]) => readonly ProjectFile[], note: string): void; files(projectId: string): readonly ProjectFile[] };

export function authorBook(options: { isEmpty?: boolean } = {}): AuthorBook {
  const book: Book = new Map();
  const store = (projectId: string, files: readonly ProjectFile[], more: Partial<VersionView> = {}): Stored => {
    const entry = book.get(projectId);
    if (entry === undefined) throw new AppError('PROJECT_NOT_FOUND', `There is no project "${projectId}"`);
    const findings = checkFiles(files);
    const view: VersionView = {
      projectId, version: entry.versions.length + 1, hash: hashOf(files), note: '', restoredFrom: null, signature: null, savedBy: 'owner', savedAt: Date.now(), files: files.length, characters: files.reduce((sum, { text }) => sum + text.length, 0), runs: 0, strategies: [],
      check: findings.some(({ severity }) => severity === 'error') ? 'errors' : findings.length > 0 ? 'warnings' : 'clean', lookAhead: 'unchecked', ...more,
    };
    const stored = { view, files: files.map((file) => ({ ...file })) };
    entry.versions.push(stored);
    entry.project = { ...entry.project, updatedAt: view.savedAt };
    return stored;
  };
  const viewOf = (projectId: string): ProjectView => {
    const entry = book.get(projectId);
    const latest = entry?.versions.at(-1);
    if (entry === undefined || latest === undefined) throw new AppError('PROJECT_NOT_FOUND', `There is no project "${projectId}". Load the page again`);
    return { ...entry.project, latest: latest.view, versions: entry.versions.length };
  };
  const opened = (projectId: string, version?: number): ProjectVersion => {
    const project = viewOf(projectId);
    const stored = book.get(projectId)?.versions[(version ?? project.versions) - 1];
    if (stored === undefined) throw new AppError('PROJECT_NOT_FOUND', `There is no version ${version}`);
    return { project, version: stored.view, files: [...stored.files] };
  };
  const create = (name: string, files: readonly ProjectFile[], more: Partial<VersionView> = {}, templateId: string | null = null): string => {
    const projectId = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_|_$/g, '').slice(0, 40);
    book.set(projectId, { project: { projectId, name, templateId, isArchived: false, createdAt: Date.now(), updatedAt: Date.now(), title: name }, versions: [] });
    store(projectId, files, more);
    return projectId;
  };
  if (options.isEmpty !== true && DIP !== undefined) {
    const signature = { name: 'Ada Lovelace', contact: '', bio: '' };
    const id = create('Dip in an uptrend', DIP.files, { note: 'From the gallery', savedAt: Date.now() - 50 * HOUR, runs: 2, check: 'clean', lookAhead: 'clean', signature });
    store(id, DIP.files.map((file) => ({ ...file, text: file.text.replace('default', 'default') + '\n' })), { note: 'Longer average', savedAt: Date.now() - 26 * HOUR, runs: 5, strategies: ['dip-spy'], lookAhead: 'clean', signature });
    store(id, [...DIP.files, { path: 'levels.ts', text: '/** Levels that the strategy buys and sells at. */\n\n/** Below this strength it buys. */\nexport const ENTRY_BELOW = 30;\n/** A price in cents. */\nexport function inCents(price: number): number {\n  return Math.round(price * 100) / 100;\n}\n' }], { savedAt: Date.now() - 2 * HOUR, signature });
    create('Turtle', TEMPLATES[0]?.files ?? [], { savedAt: Date.now() - 90 * HOUR });
  }
  const save = ({ projectId, files, note, base, isOver }: RouteParsed<'saveProject'>): ProjectVersion & { isNew: boolean } => {
    const { latest } = viewOf(projectId);
    if (latest.version !== base && !isOver) throw new AppError('VERSION_CONFLICT', `Version ${latest.version} was saved by ${latest.savedBy} meanwhile`);
    const isNew = latest.hash !== hashOf(files);
    if (isNew) store(projectId, files, { note });
    return { ...opened(projectId), isNew };
  };
  const sourceFiles = ({ source }: RouteParsed<'createProject'>): readonly ProjectFile[] => {
    if (source.from === 'files') return source.files;
    if (source.from === 'version') return opened(source.projectId, source.version).files;
    return TEMPLATES.find(({ templateId }) => templateId === source.templateId)?.files ?? [];
  };
  const told = <I, O>(work: (input: I) => O) => (input: I): O | Error => {
    try {
      return work(input);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const views = (): ProjectView[] => [...book.keys()].map(viewOf).toSorted((a, b) => b.updatedAt - a.updatedAt);
  const script: Script = {
    ...WORLD,
    projects: ({ archived }) => ({ projects: views().filter(({ isArchived }) => archived === 'all' || isArchived === (archived === 'only')) }),
    projectVersions: told(({ projectId }: RouteParsed<'projectVersions'>) => ({ versions: (book.get(projectId)?.versions ?? []).map(({ view }) => view).toReversed() })),
    project: told(({ projectId }: RouteParsed<'project'>) => opened(projectId)), projectVersion: told(({ projectId, version }: RouteParsed<'projectVersion'>) => opened(projectId, version)),
    templates: () => ({ templates: TEMPLATES.map((template) => ({ ...template, teaches: [...template.teaches], files: [...template.files], suggested: { ...template.suggested, symbols: [...template.suggested.symbols] } })) }),
    strategyTypings: () => ({ path: 'mainspring.d.ts', text: strategyTypings(INDICATORS) }),
    createProject: told((input: RouteParsed<'createProject'>) => opened(create(input.name, sourceFiles(input), { note: input.note }, input.source.from === 'template' ? input.source.templateId : null))),
    saveProject: told(save),
    restoreVersion: told(({ projectId, version }: RouteParsed<'restoreVersion'>) => { store(projectId, opened(projectId, version).files, { restoredFrom: version }); return opened(projectId); }),
    renameProject: told(({ projectId, name }: RouteParsed<'renameProject'>) => { const entry = book.get(projectId); if (entry !== undefined) entry.project = { ...entry.project, name }; return { projectId, name }; }),
    archiveProject: told(({ projectId, isArchived }: RouteParsed<'archiveProject'>) => { const entry = book.get(projectId); if (entry !== undefined) entry.project = { ...entry.project, isArchived }; return { projectId, isArchived }; }),
    checkFiles: ({ files }) => check(files),
    lookAheadCheck: told(({ projectId, version }: RouteParsed<'lookAheadCheck'>) => { const stored = book.get(projectId)?.versions[version - 1]; if (stored === undefined) throw new AppError('PROJECT_NOT_FOUND', 'No such version'); return lookAhead(stored); }),
    authorProfile: () => ({ profile: null, updatedAt: null }),
  };
  return { script, files: (projectId) => opened(projectId).files, otherWindow: (projectId, change, note) => void store(projectId, change(opened(projectId).files), { note, savedBy: 'owner', signature: { name: 'Second window', contact: '', bio: '' } }) };
}
