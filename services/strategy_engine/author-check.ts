/** Looks over what a person writes, without trusting any of it: read in a process that does nothing else, loaded in a sandbox. Findings, never errors. */
import { projectFactsSchema, type ProjectCheck, type ProjectFacts, type ProjectFile, type ProjectFinding } from '#app/contracts/author.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { AppError } from '#app/domain/errors.ts';
import { hashOfFiles } from '#chassis/project-files.ts';
import { openSandbox } from '../research/sandbox/sandbox.ts';
import type { SandboxFacts } from '../research/sandbox/protocol.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import { findingsSchema, type SourceReader } from './author-check-read.ts';
import { readProjectVersion } from './author-read.ts';

/** `version` of the product: what another one has found is looked for again, its rules may be others. */
export type CheckParts = { readonly db: Db; readonly reader: SourceReader; readonly warm: WarmSandboxes; readonly version: string };

/** Loads that take longer than this while somebody types are told as endless. */
const LOAD_MS = 1_500;
/** Checks of saved versions that run or wait at one time; who asks for more is told to wait. */
const MAX_WAITING = 8;
/** How often a saved version is loaded that was stopped by the clock. */
const STORE_TRIES = 4;
/** Answers that are kept. */
const MAX_KEPT = 64;

const EXPLANATIONS: Readonly<Record<string, string>> = {
  STRATEGY_CODE_INVALID: 'The files were loaded as they will be when the strategy runs, and this is as far as it came. Nothing can be run until it loads.',
  STRATEGY_PARAMETERS_INVALID: 'The strategy is loaded with the defaults of its parameters, and they must go together: they are what every run begins with.',
  STRATEGY_FAILED: 'The code that runs while the file is loaded threw an error. What a strategy does belongs into onBar; the file itself only describes it.',
  STRATEGY_OUT_OF_TIME: 'Loading a strategy takes milliseconds. This one was stopped: look for a loop that does not end, or for work that belongs into onBar.',
  STRATEGY_OUT_OF_MEMORY: 'Loading a strategy takes a few kilobytes. This one was stopped at 64 MB: look for a list or a text that grows without end.',
};

/** Where in the author's files an error says that it happened; the beginning of the project where it does not. */
export function placeOf(context: Readonly<Record<string, unknown>>): Pick<ProjectFinding, 'path' | 'line' | 'column' | 'endLine' | 'endColumn'> {
  const number = (value: unknown): number => (typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 1);
  return { path: typeof context['path'] === 'string' ? context['path'] : null, line: number(context['line']), column: number(context['column']), endLine: null, endColumn: null };
}

function factsOf(said: SandboxFacts): ProjectFacts {
  const { kind, title, description, scope, symbols, usesShorts, usesOrders, parameters, firstBar, warmUpBars, isMemoryFree } = said;
  // It comes from where a stranger's code runs: read like any other input.
  return projectFactsSchema.parse({
    kind, title, description, scope, symbols: symbols ?? [1, scope === 'symbol' ? 1 : null], usesShorts: usesShorts ?? false, usesOrders: usesOrders ?? false, firstBar, warmUpBars, isMemoryFree,
    parameters: Object.entries(parameters).map(([name, parameter]) => ({
      name, kind: parameter.kind, default: parameter.default, describe: parameter.describe,
      ...('min' in parameter ? { min: parameter.min, max: parameter.max, step: parameter.step, unit: parameter.unit } : { min: null, max: null, step: null, unit: '' }), choices: 'choices' in parameter ? [...parameter.choices] : [],
    })),
  });
}

/** What came of loading: facts, or the finding that says why there are none. */
async function load(files: readonly ProjectFile[], warm: WarmSandboxes): Promise<{ readonly facts: ProjectFacts | null; readonly findings: readonly ProjectFinding[] }> {
  try {
    using sandbox = await openSandbox(files, {}, { warm, limits: { loadMs: LOAD_MS } });
    return { facts: factsOf(sandbox.facts), findings: findingsSchema.parse(sandbox.facts.findings) };
  } catch (error) {
    if (!(error instanceof AppError) || !Object.hasOwn(EXPLANATIONS, error.code)) throw error;
    return { facts: null, findings: [{ source: 'description', rule: error.code.toLowerCase(), severity: 'error', ...placeOf(error.context), message: error.message, explanation: EXPLANATIONS[error.code] ?? '' }] };
  }
}

/** Was the loading stopped by the clock? Another time it may come to its end. */
function isCutShort({ findings }: ProjectCheck): boolean {
  return findings.some(({ rule }) => rule === 'strategy_out_of_time');
}

/** Looks over files. Never throws for what they say. */
async function look(files: readonly ProjectFile[], { reader, warm }: Pick<CheckParts, 'reader' | 'warm'>): Promise<ProjectCheck> {
  const from = performance.now();
  const read = await reader.read(files);
  const isBroken = read.some(({ severity }) => severity === 'error');
  const { facts, findings } = isBroken ? { facts: null, findings: read } : await load(files, warm);
  return { hash: hashOfFiles(files), findings: facts === null && !isBroken ? [...read, ...findings] : [...findings], facts, tookMs: Math.round(performance.now() - from) };
}

/** Checks files and remembers what it found. */
export type Checker = {
  /** Of files that are being typed: the newest text alone waits. @throws AppError RATE_LIMITED for one that a newer text took the place of */
  check(files: readonly ProjectFile[]): Promise<ProjectCheck>;
  /** Checks a stored version and writes down what it found; what is written down already by this version of the product is not looked for again. @throws AppError RATE_LIMITED when too many wait already */
  store(projectId: string, version: number): Promise<ProjectCheck>;
};

/** Looks at files and remembers what came of the last ones. `known`: at once, null for what was not looked at. */
function remembered(parts: Pick<CheckParts, 'reader' | 'warm'>): { known(hash: string): ProjectCheck | null; look(files: readonly ProjectFile[]): Promise<ProjectCheck> } {
  const kept = new Map<string, ProjectCheck>();
  return {
    known: (hash) => kept.get(hash) ?? null,
    async look(files) {
      const found = kept.get(hashOfFiles(files)) ?? (await look(files, parts));
      if (isCutShort(found)) return found;
      kept.set(found.hash, found);
      for (const old of kept.keys()) {
        if (kept.size <= MAX_KEPT) break;
        kept.delete(old);
      }
      return found;
    },
  };
}

/** One look after the other: a person types in one place at a time, and the strategies at work need the processor as well. */
export function createChecker({ db, reader, warm, version: product }: CheckParts): Checker {
  const looks = remembered({ reader, warm });
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  /** The newest text that was typed, while it waits for its turn. */
  let typed: { readonly hash: string; readonly files: readonly ProjectFile[]; readonly answer: PromiseWithResolvers<ProjectCheck> } | null = null;
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const turn = queue.then(act);
    // Whoever asked hears of an error; the next one in the queue is not concerned.
    queue = turn.catch(() => undefined);
    return turn;
  };
  const checkTyped = async (files: readonly ProjectFile[]): Promise<ProjectCheck> => {
    const hash = hashOfFiles(files);
    const known = looks.known(hash);
    if (known !== null) return known;
    if (typed?.hash === hash) return typed.answer.promise;
    const before = typed;
    const mine = { hash, files, answer: Promise.withResolvers<ProjectCheck>() };
    typed = mine;
    // Its place in the queue is the newer one's.
    if (before !== null) before.answer.reject(new AppError('RATE_LIMITED', 'A newer text is checked before this one; ask again in a moment'));
    else void inTurn(() => {
      const newest = typed ?? mine;
      typed = null;
      return looks.look(newest.files).then(newest.answer.resolve, newest.answer.reject);
    });
    return mine.answer.promise;
  };
  const checkSaved = async (files: readonly ProjectFile[]): Promise<ProjectCheck> => {
    if (waiting >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'Several checks wait already; ask again in a moment');
    waiting += 1;
    return inTurn(() => looks.look(files)).finally(() => (waiting -= 1));
  };
  return {
    check: checkTyped,
    async store(projectId, version) {
      const { files, hash, latest } = await readProjectVersion(db, projectId, version);
      const stored = await storedCheck(db, hash, product);
      let found = stored ?? (await checkSaved(files));
      for (let again = 1; again < STORE_TRIES && isCutShort(found); again += 1) found = await checkSaved(files);
      // Stopped by the clock: on a busy computer that says nothing about the files, so it is not written down. Unchecked is no pass either.
      if (stored === null && !isCutShort(found)) await storeCheck(db, { hash, what: 'source', isPassed: !found.findings.some(({ severity }) => severity === 'error'), result: { ...found, product }, actor: 'strategy_engine' });
      if (found.facts !== null && version === latest) await db.query('UPDATE strategy_engine.projects SET title = $2 WHERE project_id = $1 AND current_version = $3', [projectId, found.facts.title.slice(0, 200), version]);
      return found;
    },
  };
}

async function storedCheck(book: Queryable, hash: string, product: string): Promise<ProjectCheck | null> {
  const [row] = await book.query<{ result: ProjectCheck }>(`SELECT result FROM strategy_engine.project_checks WHERE hash = $1 AND what = 'source' AND result->>'product' = $2`, [hash, product]);
  return row?.result ?? null;
}

/** What a check found, to be written down; the newest of its kind counts. */
export type FoundCheck = { readonly hash: string; readonly what: 'source' | 'look_ahead' | 'warm_up'; readonly isPassed: boolean; readonly result: object; readonly actor: string };

/** Writes it down. */
export async function storeCheck(book: Queryable, { hash, what, isPassed, result, actor }: FoundCheck): Promise<void> {
  await book.query(
    `INSERT INTO strategy_engine.project_checks (hash, what, is_passed, result, actor) VALUES ($1, $2, $3, $4::jsonb, $5)
     ON CONFLICT (hash, what) DO UPDATE SET is_passed = EXCLUDED.is_passed, result = EXCLUDED.result, actor = EXCLUDED.actor, checked_at = clock_timestamp()`, [hash, what, isPassed, JSON.stringify(result), actor],
  );
}
