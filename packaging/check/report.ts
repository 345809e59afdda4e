/** Counts checks and says what each one found. */

/** Where the checks of one run are told and counted. */
export type Report = {
  /** Runs one check; a thrown error is its failure, and the next one goes on. */
  check(name: string, prove: () => void | Promise<void>): Promise<void>;
  /** A heading. */
  section(title: string): void;
  /** A line of information. */
  say(line: string): void;
  counts(): { readonly passed: number; readonly failed: number };
};

/** Writes to `out`, a line per check. */
export function makeReport(out: (text: string) => void): Report {
  let passed = 0;
  let failed = 0;
  return {
    check: async (name, prove) => {
      const started = performance.now();
      try {
        await prove();
        passed += 1;
        out(`  ok    ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
      } catch (error) {
        failed += 1;
        out(`  FAIL  ${name}\n        ${(error instanceof Error ? error.message : String(error)).replaceAll('\n', '\n        ')}\n`);
      }
    },
    section: (title) => out(`\n${title}\n`),
    say: (line) => out(`        ${line}\n`),
    counts: () => ({ passed, failed }),
  };
}

/**
 * Compares two values by their JSON.
 * @throws Error naming both
 */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [is, shouldBe] = [JSON.stringify(actual, null, 1), JSON.stringify(expected, null, 1)];
  if (is !== shouldBe) throw new Error(`${what}: ${is} instead of ${shouldBe}`);
}

/**
 * Compares two folders of files by name and hash.
 * @throws Error naming the first differences
 */
export function expectSameFiles(what: string, actual: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): void {
  const missing = [...expected.keys()].filter((name) => !actual.has(name)).map((name) => `${name} is missing`);
  const extra = [...actual.keys()].filter((name) => !expected.has(name)).map((name) => `${name} should not be there`);
  const changed = [...expected].filter(([name, hash]) => actual.has(name) && actual.get(name) !== hash).map(([name]) => `${name} differs`);
  const all = [...missing, ...extra, ...changed];
  if (all.length > 0) throw new Error(`${what}: ${all.slice(0, 8).join('; ')}${all.length > 8 ? `; and ${all.length - 8} more` : ''}`);
}

/** @throws Error with the words when it is not true */
export function expectTrue(words: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(words);
}

/**
 * Compares the exit code of a program.
 * @throws Error naming both codes, with what the program (and Wine below it) said
 */
export function expectExit(what: string, ended: { readonly code: number; readonly output: string }, expected: number): void {
  if (ended.code !== expected) throw new Error(`${what}: exit code ${ended.code} instead of ${expected}. It said: ${ended.output.trim() || 'nothing'}`);
}
