/** The editor in a real browser with its real TypeScript: types, findings, versions, two windows, files, templates. The book is scripted, the templates, declarations and the look over sources are the real ones. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { appendTo, freshBook, HOME, PROJECT, sourceField, untilOpened } from './author-page.ts';
import { authorBook, DIP } from './author-world.ts';
import type { AuthorBook } from './author-world.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';
import { SCRIPTED_ORIGIN } from './scripted-gateway.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';

const LIMIT_MS = 30_000;
/** The page is built first, or another process that builds it is waited for. */
const BUILD_MS = 240_000;
/** What a person waits at most for a type error, and for the editor; the machine of the tests is a slow one that others share. */
const TYPE_ERROR_MS = 1_000;
const USABLE_MS = 2_000;
const SLOWER = 4;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let gateway: ScriptedGateway;
let book: AuthorBook;

beforeAll(async () => {
  ({ browser, watched, page, gateway } = await openScriptedPage(authorBook().script, '/author', LIMIT_MS));
}, BUILD_MS);
afterAll(() => browser[Symbol.asyncDispose]());

const code = (): Locator => page.getByTestId('code');
const lines = (): Locator => code().locator('.view-line');
const field = (): Locator => sourceField(page);
const dialogs = (): Locator => page.locator('.ed-banner');
const sourceNow = (path = 'strategy.ts'): string => book.files(PROJECT).find((file) => file.path === path)?.text ?? '';

const opened = (): Promise<void> => untilOpened(page);
const append = (text: string): Promise<void> => appendTo(page, text);
beforeEach(async () => {
  book = await freshBook(page, gateway);
});

/** Puts another text into the file in front, as typing over everything does. */
async function typeAll(text: string): Promise<void> {
  await field().focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}
const problemWords = (): Promise<string> => page.locator('.ed-status-problems').innerText();

const SMALL = (body: string): string => `import { integer, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'small', title: 'Small', description: 'Small.', scope: 'symbol',
  parameters: { period: integer(50, { min: 5, max: 200, describe: 'Bars' }) },
  indicators: ({ period }) => ({ average: sma(period) }),
  onBar({ on }) {
${body}
  },
});
`;
const HOLDS = '    if (on.close.now > on.indicators.average.now) on.long();';

describe('the text', () => {
  it('is there and types are checked soon after the page was opened', async () => {
    const started = Date.now();
    await page.reload();
    await opened();
    await field().focus();
    const usable = Date.now() - started;
    await expect.poll(problemWords, { timeout: LIMIT_MS }).toBe('No problems');
    console.info(`The editor was usable after ${usable} ms`);
    expect(usable).toBeLessThan(USABLE_MS * SLOWER);
  });

  it('offers the functions of the module with their words, and imports what is taken', async () => {
    await typeAll(SMALL('    const x = ema'));
    await page.keyboard.press('Control+Home');
    for (let line = 0; line < 7; line += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Control+Space');
    const offered = page.locator('.suggest-widget .monaco-list-row', { hasText: 'ema' }).first();
    await offered.waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(async () => lines().first().innerText().then((text) => text.replaceAll('\u00a0', ' '))).toContain('import { ema, integer, sma, strategy }');
    await typeAll(SMALL('    const average = sm'));
    await page.keyboard.press('Control+Home');
    for (let line = 0; line < 7; line += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'sma' }).first().waitFor();
    await page.keyboard.press('Escape');
  });

  it('explains a function where the pointer rests', async () => {
    await typeAll(SMALL(HOLDS));
    await lines().locator('span', { hasText: /^sma$/ }).last().hover();
    await page.locator('.monaco-hover-content', { hasText: 'Simple moving average' }).waitFor();
  });

  it('underlines a type error within a second, and goes to it', async () => {
    await typeAll(SMALL(HOLDS));
    await expect.poll(problemWords, { timeout: LIMIT_MS }).toBe('No problems');
    await page.keyboard.press('Control+Home');
    const started = Date.now();
    await page.keyboard.insertText('const n: number = "a";\n');
    await code().locator('.squiggly-error').first().waitFor();
    const after = Date.now() - started;
    console.info(`A type error was underlined after ${after} ms`);
    expect(after).toBeLessThan(TYPE_ERROR_MS * SLOWER);
    await page.keyboard.press('Control+Shift+M');
    await page.locator('.ed-problem', { hasText: "Type 'string' is not assignable to type 'number'" }).click();
    await expect.poll(() => page.locator('.ed-cursor').innerText()).toContain('Line 1,');
  });

  it('takes a line of 400,000 characters, says that it is too long, and goes on', async () => {
    await field().focus();
    await page.keyboard.press('Control+End');
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', text);
      document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, 'const a = sma(3) + b[1]; '.repeat(16_000));
    await page.locator('.ed-status', { hasText: 'Source not checked' }).waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(problemWords, { timeout: LIMIT_MS }).toBe('No problems');
  });

  it('keeps single keys for itself', async () => {
    await append('b');
    await page.keyboard.press('b');
    expect(await page.locator('.mantine-Drawer-content').count()).toBe(0);
  });

  it('underlines a finding of ours with why and what to do, and fixes it', async () => {
    await typeAll(SMALL('    if (on.close.ago(-1) > on.indicators.average.now) on.long();'));
    await page.keyboard.press('Control+Shift+M');
    const found = page.locator('.ed-problem', { hasText: 'asks for a bar that has not happened yet' });
    await found.waitFor();
    await found.click();
    await page.keyboard.press('Control+.');
    await page.getByText('Use the bar that has just closed: .now').first().waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(problemWords, { timeout: LIMIT_MS }).toBe('No problems');
    expect((await lines().allInnerTexts()).join('\n')).toContain('on.close.now');
  });
});

describe('versions', () => {
  it('are made by saving; what knows the future is marked afterwards', async () => {
    await typeAll(SMALL(`    const peek = on.close.now;\n    if (peek > on.indicators.average.now) on.long();`));
    await page.keyboard.press('Control+s');
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
    expect(gateway.asked('saveProject').at(-1)?.input.base).toBe(3);
    await code().locator('.ed-future-line').first().waitFor();
    await page.locator('.ed-status', { hasText: 'Knows the future' }).waitFor();
  });

  it('carry a note, are compared and taken up again', async () => {
    await append('// more\n');
    await page.getByRole('button', { name: 'Save with a note' }).click();
    await page.getByLabel('What changed', { exact: true }).last().fill('One line more');
    await page.keyboard.press('Enter');
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.locator('.ed-version', { hasText: 'One line more' }).waitFor();
    await page.getByRole('button', { name: 'More about version 1', exact: true }).click({ force: true });
    await page.getByRole('menuitem', { name: 'Compare with now' }).click();
    await page.locator('.monaco-diff-editor .view-line').first().waitFor();
    await page.getByRole('button', { name: 'Back to the editor' }).click();
    await page.getByRole('button', { name: 'More about version 1', exact: true }).click({ force: true });
    await page.getByRole('menuitem', { name: 'Restore' }).click();
    await page.getByRole('button', { name: 'Restore version 1' }).click();
    await page.locator('.ed-saved', { hasText: 'Version 5' }).waitFor();
    expect(sourceNow()).toBe(DIP?.files[0]?.text);
  });

  it('of the past are looked at and not changed', async () => {
    await page.goto(`${HOME}&version=1`);
    await dialogs().filter({ hasText: 'You look at version 1 of 3' }).waitFor();
    await field().focus();
    await page.keyboard.type('x');
    await page.getByText('You look at an older version. Restore it to change it.').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Back to version 3' }).click();
    await page.locator('.ed-saved', { hasText: 'Version 3' }).waitFor();
  });
});

describe('two windows', () => {
  it('are told who saved what, and both texts are kept', async () => {
    await append('// mine\n');
    book.otherWindow(PROJECT, (files) => files.map((file) => ({ ...file, text: `${file.text}// theirs\n` })), 'From the other window');
    await page.keyboard.press('Control+s');
    const conflict = dialogs().filter({ hasText: 'Version 4 was saved in another window while you edited version 3' });
    await conflict.waitFor();
    expect(await conflict.innerText()).toContain('Second window');
    expect(await conflict.innerText()).toContain('From the other window');
    await conflict.getByRole('button', { name: 'See the differences' }).click();
    await page.locator('.monaco-diff-editor .view-line').first().waitFor();
    await conflict.getByRole('button', { name: 'Save mine over it, as version 5' }).click();
    await page.locator('.ed-saved', { hasText: 'Version 5' }).waitFor();
    expect(sourceNow()).toContain('// mine');
    expect(sourceNow()).not.toContain('// theirs');
  });

  it('may each keep their own', async () => {
    await append('// mine\n');
    book.otherWindow(PROJECT, (files) => files.map((file) => ({ ...file, text: `${file.text}// theirs\n` })), '');
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Save mine as a copy' }).click();
    await page.locator('.ed-project-name', { hasText: 'Dip in an uptrend (mine)' }).waitFor();
    expect(book.files('dip_in_an_uptrend_mine')[0]?.text).toContain('// mine');
    expect(sourceNow()).toContain('// theirs');
  });

  it('notice a newer version before saving', async () => {
    book.otherWindow(PROJECT, (files) => files.map((file) => ({ ...file, text: `${file.text}// theirs\n` })), 'Newer');
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await dialogs().filter({ hasText: 'Version 4 was saved in another window' }).getByRole('button', { name: 'Show it' }).click();
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
  });
});

describe('files', () => {
  it('are added, renamed with their imports, deleted and taken back', async () => {
    await append("\nimport { ENTRY_BELOW } from './levels';\nexport const below = ENTRY_BELOW;\n");
    await page.locator('.ed-file', { hasText: 'levels.ts' }).hover();
    await page.getByRole('button', { name: 'Rename levels.ts' }).click();
    await page.getByLabel('Name of the file').fill('lib/marks.ts');
    await page.keyboard.press('Enter');
    await page.locator('.ed-notice', { hasText: 'the imports in one file follow' }).waitFor();
    await page.locator('.ed-file', { hasText: 'lib/marks.ts' }).hover();
    await page.getByRole('button', { name: 'Delete lib/marks.ts' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Add a file' }).click();
    await page.getByLabel('Name of the file').fill('Levels Two');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'levels-two.ts' }).waitFor();
    await page.keyboard.press('Control+s');
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
    expect(book.files(PROJECT).map(({ path }) => path)).toEqual(['strategy.ts', 'levels-two.ts', 'lib/marks.ts']);
    expect(sourceNow()).toContain("from './lib/marks'");
  });

  it('see each other', async () => {
    await append("\nimport { ENTRY_BELOW } from './levels';\nexport const wrong: string = ENTRY_BELOW;\n");
    await page.keyboard.press('Control+Shift+M');
    await page.locator('.ed-problem', { hasText: "Type 'number' is not assignable to type 'string'" }).waitFor();
  });
});

describe('the gallery', () => {
  it('comes first where there is nothing, shows the source, and begins in one click', async () => {
    book = authorBook({ isEmpty: true });
    gateway.script(book.script);
    await page.goto(`${SCRIPTED_ORIGIN}/author`);
    await page.evaluate(() => localStorage.clear());
    await page.goto(`${SCRIPTED_ORIGIN}/author`);
    await page.getByRole('heading', { name: 'Start a strategy' }).waitFor();
    const card = page.locator('.ed-template').first();
    await card.getByRole('button', { name: 'Read it' }).click();
    await page.locator('.ed-preview .view-line').first().waitFor();
    await card.getByRole('button', { name: 'Start from this' }).click();
    await opened();
    await page.locator('.ed-saved', { hasText: 'Version 1' }).waitFor();
    expect(gateway.asked('lookAheadCheck').at(-1)?.input).toMatchObject({ version: 1 });
    expect(gateway.asked('createProject').at(-1)?.input.source).toEqual({ from: 'template', templateId: 'first_dip' });
  });

  it('fits a narrow page with the way back, also beside a source that is read', async () => {
    await page.setViewportSize({ width: 1024, height: 700 });
    await page.getByRole('button', { name: 'New strategy' }).click();
    await page.locator('.ed-template').first().getByRole('button', { name: 'Read it' }).click();
    await page.locator('.ed-preview .view-line').first().waitFor();
    const parts = page.locator('.ed-gallery-list > header *, .ed-begin > *, .ed-template footer > *, .ed-preview > header > *');
    expect(await parts.evaluateAll((all) => all.filter((part) => part.getBoundingClientRect().right > (part.closest('.ed-gallery-list, .ed-preview')?.getBoundingClientRect().right ?? 0) + 1).map(({ textContent }) => textContent))).toEqual([]);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('tells errors of the strategy that is shown, not of the one before it', async () => {
    // Both have a strategy.ts that nobody has edited since.
    for (const [name, errors, told] of [['one', 'const first: string = 1;', '1 error'], ['two', 'const first: string = 1;\nconst second: string = 2;', '2 errors']] as const) {
      await page.getByRole('button', { name: 'New strategy' }).click();
      await page.getByTestId('import').setInputFiles({ name: `${name}.ts`, mimeType: 'text/plain', buffer: Buffer.from(`${SMALL(HOLDS)}${errors}\n`) });
      await page.locator('.ed-project-name', { hasText: name }).waitFor();
      await expect.poll(problemWords, { timeout: LIMIT_MS }).toBe(told);
    }
  });

  it('takes a file in as it was handed on, and names what is wrong in a bad one', async () => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'More about this strategy' }).click();
    await page.getByRole('menuitem', { name: 'Export version 3' }).click();
    const path = await (await download).path();
    const text = readFileSync(path, 'utf8');
    await page.getByRole('button', { name: 'New strategy' }).click();
    const bad = join(tmpdir(), 'bad-strategy.json');
    writeFileSync(bad, JSON.stringify({ ...JSON.parse(text) as object, files: [{ path: 'Strategy.ts', text: '' }] }));
    await page.getByTestId('import').setInputFiles(bad);
    await page.locator('.state-failure', { hasText: '“files, number 1, path”' }).waitFor();
    const large = join(tmpdir(), 'large-strategy.ts');
    writeFileSync(large, `// ${'x'.repeat(400_000)}`);
    await page.getByTestId('import').setInputFiles(large);
    await page.locator('.state-failure', { hasText: 'A file has at most 400000 characters' }).waitFor();
    const good = join(tmpdir(), 'good-strategy.json');
    writeFileSync(good, text);
    await page.getByTestId('import').setInputFiles(good);
    await page.locator('.ed-project-name', { hasText: 'Dip in an uptrend 2' }).waitFor();
    expect(book.files('dip_in_an_uptrend_2').toSorted((a, b) => a.path.localeCompare(b.path))).toEqual(book.files(PROJECT).toSorted((a, b) => a.path.localeCompare(b.path)));
  });
});

it('violates no policy and breaks nothing', () => {
  expect(watched.problems.filter((problem) => !/409|ERR_CONNECTION_RESET|The script has no answer/.test(problem))).toEqual([]);
});
