/** The house rules that neither the compiler nor ESLint can check, read off the sources themselves. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { repository } from './planted.ts';

const ROOMS = ['app', 'services', 'main', 'renderer', 'migrations', 'tests', 'bench', 'scripts', 'packaging'];
const LONGEST_FILE = 400;
const LONGEST_DECISION = 60;

interface Source {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly lines: readonly string[];
}

function read(path: string): Source {
  return { path, lines: readFileSync(join(repository, path), 'utf8').split(/\r?\n/) };
}

function filesBelow(folder: string, endings: RegExp): readonly Source[] {
  if (!existsSync(join(repository, folder))) return [];
  return readdirSync(join(repository, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path, endings);
    return endings.test(entry.name) ? [read(path)] : [];
  });
}

const code = ROOMS.flatMap((room) => filesBelow(room, /\.(ts|tsx|mjs|cjs|sql|css)$/));
const programs = code.filter(({ path }) => /\.(ts|tsx|mjs)$/.test(path));
const papers = [...filesBelow('docs', /\.md$/), ...['README.md', 'CHANGELOG.md'].filter((path) => existsSync(join(repository, path))).map(read)];
/** This file names what it forbids. */
const exceptThis = (sources: readonly Source[]): readonly Source[] => sources.filter(({ path }) => path !== 'tests/tidy/tidy.test.ts');

/** `path:line: text` of each line that matches. */
function linesMatching(sources: readonly Source[], pattern: RegExp): readonly string[] {
  return sources.flatMap(({ path, lines }) => lines.flatMap((line, n) => (pattern.test(line) ? [`${path}:${n + 1}: ${line.trim()}`] : [])));
}

describe('every source file', () => {
  it('is short enough to be read at once', () => {
    expect(code.filter(({ lines }) => lines.length > LONGEST_FILE + 1).map(({ path, lines }) => `${path}: ${lines.length} lines`)).toEqual([]);
  });

  it('opens with a caption that says what it is for', () => {
    const openings: Readonly<Record<string, RegExp>> = { sql: /^--\s*\S/, css: /^\/\*/, default: /^\/\*\*\s+\S|^\/\*\*$/ };
    const hasCaption = ({ path, lines }: Source): boolean => {
      const first = lines.find((line) => line !== '' && !line.startsWith('#!')) ?? '';
      return (openings[path.split('.').at(-1) ?? ''] ?? openings['default'] ?? /^$/).test(first);
    };
    expect(code.filter((source) => !hasCaption(source)).map(({ path }) => path)).toEqual([]);
  });

  it('is named in kebab-case, in a folder named like its service or room', () => {
    const isLawful = (path: string): boolean =>
      path.split('/').every((part, n, parts) =>
        n < parts.length - 1 ? /^\.?[a-z0-9]+([_-][a-z0-9]+)*$/.test(part) : /^(\d{4}_[a-z0-9_]+|[a-z0-9]+(-[a-z0-9]+)*)(\.[a-z]+)+$/.test(part));
    expect(code.map(({ path }) => path).filter((path) => !isLawful(path))).toEqual([]);
  });

  it('promises nothing for later', () => {
    expect(linesMatching(exceptThis([...code, ...papers]), /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('holds no path of a machine it was written on', () => {
    expect(linesMatching(exceptThis([...code, ...papers]), /(^|[\s'"`(=:])(\/work\/|\/root\/|\/home\/[a-z]+\/|[A-Z]:\\Users\\)/)).toEqual([]);
  });
});

describe('every test', () => {
  const tests = exceptThis(code.filter(({ path }) => /\.test\.tsx?$/.test(path)));

  it('runs: none is skipped, focused or promised', () => {
    expect(linesMatching(tests, /\b(it|test|describe|suite)(\.\w+)*\.(skip|only|todo|skipIf|runIf|fails)\b|\b(xit|xdescribe|fit|fdescribe)\(/)).toEqual([]);
  });
});

describe('every exported thing', () => {
  /** The name that an export line declares, when it declares one. */
  const declaredName = (line: string): string | undefined =>
    /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|type|interface) (\w+)/.exec(line)?.[1];

  /** Exports without a comment: one above speaks for the block of lines below it, up to the next empty line. */
  function undocumented({ path, lines }: Source): readonly string[] {
    return lines.flatMap((line, n) => {
      const name = declaredName(line);
      if (name === undefined || lines[n - 1]?.trim().endsWith('*/') === true) return [];
      const block = lines.slice(lines.lastIndexOf('', n) + 1, n);
      return block[0]?.startsWith('/**') === true ? [] : [`${path}:${n + 1}: ${name}`];
    });
  }

  it('has a doc comment', () => {
    const rooms = programs.filter(({ path }) => /^(app|services|main|renderer|scripts)\//.test(path) && !/\.test\.tsx?$/.test(path));
    expect(rooms.flatMap(undocumented)).toEqual([]);
  });
});

describe('the papers', () => {
  const readme = existsSync(join(repository, 'README.md')) ? read('README.md').lines : [];

  it.each([...ROOMS, 'docs'])('the README says what %s/ is for', (room) => {
    expect(readme.some((line) => line.includes(`\`${room}/\``))).toBe(true);
  });

  it('decisions are short and numbered without gaps', () => {
    const decisions = filesBelow('docs/adr', /\.md$/);
    expect(decisions.filter(({ lines }) => lines.length > LONGEST_DECISION + 1).map(({ path }) => path)).toEqual([]);
    const numbers = decisions.map(({ path }) => Number(path.split('/').at(-1)?.slice(0, 4))).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, n) => n + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(9);
  });

  it.each(['README.md', 'docs'])('links of %s lead somewhere', (place) => {
    const sources = place === 'README.md' ? [read(place)] : filesBelow('docs', /\.md$/);
    const broken = sources.flatMap(({ path, lines }) =>
      [...lines.join('\n').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)|\bsrc(?:set)?="([^"]+)"/g)]
        .map((match) => join(path, '..', match[1] ?? match[2] ?? ''))
        .filter((target) => !existsSync(join(repository, target)))
        .map((target) => `${path} -> ${target}`));
    expect(broken).toEqual([]);
  });
});

describe('package.json', () => {
  const ranges = z.record(z.string(), z.string());
  const manifest = z
    .object({ dependencies: ranges, devDependencies: ranges, optionalDependencies: ranges })
    .parse(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')));

  it('pins each version exactly', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies });
    expect(all.filter(([, range]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))).toEqual([]);
  });

  it('locks each package without naming the registry it came from', () => {
    expect(readFileSync(join(repository, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": "https?:/);
  });

  it('locks the parts of every platform: npm ci refuses a lock with holes', () => {
    const entry = z.object({ optionalDependencies: ranges.optional() });
    const { packages } = z.object({ packages: z.record(z.string(), entry) }).parse(JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')));
    const isLocked = (owner: string, name: string): boolean => `${owner}/node_modules/${name}` in packages || `node_modules/${name}` in packages;
    const holes = Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(owner, name)).map((name) => `${owner} needs ${name}`));
    expect(holes).toEqual([]);
  });
});
