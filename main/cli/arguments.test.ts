/** The command line: what is understood and what is refused. */
import { describe, expect, it } from 'vitest';
import { parseCommand } from './arguments.ts';

const parse = (...argv: string[]): ReturnType<typeof parseCommand> => parseCommand(argv, (folder) => `/here/${folder}`);

describe('the command line', () => {
  it('starts a replay at full speed unless told otherwise', () => {
    expect(parse('start', '--replay', 'bars').replay).toEqual({ folder: '/here/bars', speed: 'max' });
    expect(parse('start', '--replay', 'bars', '--speed', '2.5').replay).toEqual({ folder: '/here/bars', speed: 2.5 });
  });

  it('shows the help without a verb or when asked', () => {
    expect(parse().verb).toBe('help');
    expect(parse('start', '--help').verb).toBe('help');
  });

  it('hands the words of keys, mode and arm on', () => {
    expect(parse('keys', 'set', 'paper')).toMatchObject({ verb: 'keys', words: ['set', 'paper'], unit: null });
    expect(parse('mode', 'live').words).toEqual(['live']);
    expect(parse('arm').words).toEqual([]);
  });

  it('writes diagnostics where it is told, or where the person is', () => {
    expect(parse('diagnostics', '--out', 'd.zip')).toMatchObject({ verb: 'diagnostics', out: '/here/d.zip' });
    expect(parse('diagnostics').out).toBeNull();
  });

  it('refuses what it does not understand, with the usage', () => {
    for (const argv of [['dance'], ['stop', 'redis'], ['disarm', 'now'], ['logs', 'nobody'], ['logs', '-n', 'many'], ['start', '--speed', '2'], ['start', '--replay', 'x', '--speed', '0'], ['status', '--replay', 'x'], ['start', '--nonsense'], ['status', '--out', 'x'], ['logs', '--level', 'loud'], ['status', '--search', 'x'], ['diagnostics', 'now']]) {
      expect(() => parse(...argv), argv.join(' ')).toThrow('mainspring <verb>');
    }
  });
});
