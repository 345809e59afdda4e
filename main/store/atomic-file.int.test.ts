/** Atomic writes against real obstacles: closed folders, sticky folders, leftovers of a crash. Runs as an unprivileged user, as root knows no closed folders. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRunAs } from '../units/run-as.ts';
import { renamePatiently, writeFileAtomically } from './atomic-file.ts';

const user = findRunAs();
const modulePath = path.join(import.meta.dirname, 'atomic-file.ts');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mainspring-Jörg's ü-"));
  chmodSync(folder, 0o755);
  if (user) chownSync(folder, user.uid, user.gid);
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

type Outcome = { readonly code: string | null; readonly message: string; readonly tookMs: number };

/** Writes in another process that has no special rights. */
function writeAsUser(file: string, text: string, onAttempt: () => void, times = 1): Promise<Outcome> {
  const program = `
    const { writeFileAtomically } = await import(process.argv[1]);
    process.stdout.write('ready\\n');
    const started = performance.now();
    let error = null;
    try { for (let n = 0; n < ${times}; n += 1) writeFileAtomically(process.argv[2], process.argv[3]); } catch (thrown) { error = thrown; }
    process.stdout.write(JSON.stringify({ code: error?.code ?? null, message: error?.message ?? '', tookMs: performance.now() - started }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, modulePath, file, text], { stdio: ['ignore', 'pipe', 'pipe'], ...(user ? { uid: user.uid, gid: user.gid } : {}) });
  return new Promise((resolve, reject) => {
    let out = '';
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      if (out === '') onAttempt();
      out += chunk.toString();
    });
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out.slice(out.indexOf('{'))) as Outcome);
      else reject(new Error(`the writer ended with ${code}: ${complaint}`));
    });
  });
}

describe('writeFileAtomically', () => {
  it('replaces the file with the wished rights and leaves nothing beside', () => {
    const file = path.join(folder, 'keys.json');
    writeFileSync(file, 'old', { mode: 0o644 });
    writeFileAtomically(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileAtomically(file, new Uint8Array([1, 2]), { mode: 0o644 });
    expect([...readFileSync(file)]).toEqual([1, 2]);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('replaces a link instead of following it', () => {
    const victim = path.join(folder, 'victim');
    const file = path.join(folder, 'keys.json');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, file);
    writeFileAtomically(file, 'new');
    expect([readFileSync(victim, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['untouched', 'new']);
  });

  it('sweeps what killed writers of the same file left, but nothing that is being written or is not its own', () => {
    const file = path.join(folder, 'keys.json');
    const [old, young] = ['keys.json.4711-0123456789ab.new', 'keys.json.4712-0123456789ab.new'];
    const others = ['other.json.4711-0123456789ab.new', 'keys.json.new', 'keys.json.mine'];
    const longAgo = Date.now() / 1_000 - 120;
    for (const name of [old, young, ...others]) writeFileSync(path.join(folder, name), 'half');
    for (const name of [old, ...others]) utimesSync(path.join(folder, name), longAgo, longAgo);
    writeFileAtomically(file, 'new');
    expect(readdirSync(folder).sort()).toEqual(['keys.json', young, ...others].sort());
  });

  it('never shows half a file, nor fails, when two programs write the same one', async () => {
    const file = path.join(folder, 'keys.json');
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000));
    const outcomes = await Promise.all(texts.map((text) => writeAsUser(file, text, () => undefined, 25)));
    expect(outcomes.map(({ message }) => message)).toEqual(['', '', '']);
    expect(texts).toContain(readFileSync(file, 'utf8'));
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('waits until the obstacle is gone', async () => {
    const file = path.join(folder, 'keys.json');
    writeFileSync(file, 'old', { mode: 0o644 });
    chmodSync(folder, 0o555);
    const outcome = await writeAsUser(file, 'new', () => setTimeout(() => chmodSync(folder, 0o755), 300));
    expect(outcome.message).toBe('');
    expect(outcome.tookMs).toBeGreaterThan(200);
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('says after two seconds which file is held, and keeps the old one', async () => {
    const file = path.join(folder, 'keys.json');
    writeFileSync(file, 'old', { mode: 0o644 });
    chmodSync(folder, 0o555);
    const outcome = await writeAsUser(file, 'new', () => undefined);
    expect(outcome.code).toBe('FILE_HELD');
    expect(outcome.message).toContain(file);
    expect(outcome.message).toContain('virus scanner');
    expect(outcome.tookMs).toBeGreaterThan(1_700);
    expect(outcome.tookMs).toBeLessThan(4_000);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  // Only root can lay a folder that somebody else may write beside in, but not replace.
  if (user) it('waits when the file can be written beside but not be replaced', async () => {
    const file = path.join(folder, 'keys.json');
    chownSync(folder, 0, 0);
    chmodSync(folder, 0o1777);
    writeFileSync(file, 'old');
    const outcome = await writeAsUser(file, 'new', () => setTimeout(() => chmodSync(folder, 0o777), 300));
    expect(outcome.message).toBe('');
    expect(outcome.tookMs).toBeGreaterThan(200);
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('passes every other error on at once, without a leftover', () => {
    const file = path.join(folder, 'keys.json');
    mkdirSync(path.join(file, 'full'), { recursive: true });
    expect(() => writeFileAtomically(file, 'new')).toThrow(/EISDIR/);
    expect(readdirSync(folder)).toEqual(['keys.json']);
    expect(() => writeFileAtomically(path.join(folder, 'nowhere', 'x'), 'new')).toThrow(/ENOENT/);
    expect(() => renamePatiently(path.join(folder, 'nowhere'), file)).toThrow(/ENOENT/);
  });
});
