/** Unsaved edits in a real browser: what was typed is never lost, whatever is opened, offered, given up or refused meanwhile. The book is scripted. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { appendTo, freshBook, HOME, PROJECT, sourceField, untilOpened } from './author-page.ts';
import { authorBook } from './author-world.ts';
import type { AuthorBook } from './author-world.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';
import { SCRIPTED_ORIGIN } from './scripted-gateway.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';

const LIMIT_MS = 30_000;
/** The page is built first, or another process that builds it is waited for. */
const BUILD_MS = 240_000;

let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let gateway: ScriptedGateway;
let book: AuthorBook;

beforeAll(async () => {
  ({ browser, watched, page, gateway } = await openScriptedPage(authorBook().script, '/author', LIMIT_MS));
}, BUILD_MS);
afterAll(() => browser[Symbol.asyncDispose]());
beforeEach(async () => {
  book = await freshBook(page, gateway);
});

const opened = (): Promise<void> => untilOpened(page);
const append = (text: string): Promise<void> => appendTo(page, text);
const dialogs = (): Locator => page.locator('.ed-banner');
/** The last lines: the editor draws only what is in sight. */
async function lastLines(): Promise<string> {
  await sourceField(page).focus();
  await page.keyboard.press('Control+End');
  return page.getByTestId('code').locator('.view-lines').innerText().then((text) => text.replaceAll('\u00a0', ' '));
}
const dirty = (): Promise<void> => page.locator('.ed-saved.dirty').waitFor({ state: 'attached' });

/** Opens another strategy by the list. */
async function openTurtle(): Promise<void> {
  await page.locator('.ed-project-name').click();
  await page.locator('.ed-projects button', { hasText: 'Turtle' }).click();
  await page.locator('.ed-project-name', { hasText: 'Turtle' }).waitFor();
  await opened();
}
/** Another start of the browser: the window is a new one. */
async function restart(): Promise<void> {
  await page.goto(`${SCRIPTED_ORIGIN}/health`);
  await page.evaluate(() => sessionStorage.clear());
  await page.goto(HOME);
  await opened();
}

describe('unsaved edits', () => {
  it('survive a reload, and are shown beside the version', async () => {
    await append('// not saved\n');
    await page.locator('.ed-saved.dirty').waitFor({ state: 'attached' });
    await page.reload();
    await dialogs().filter({ hasText: 'Your unsaved edits are back' }).waitFor();
    await page.getByRole('button', { name: 'See them' }).click();
    await page.locator('.monaco-diff-editor', { hasText: 'not' }).waitFor();
    await page.getByRole('button', { name: 'Back to version 3' }).click();
    await page.locator('.ed-saved:not(.dirty)').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.ed-saved.dirty').waitFor({ state: 'attached' });
  });

  it('are offered after a restart, when the book has gone on', async () => {
    await append('// before the restart\n');
    await page.locator('.ed-saved.dirty').waitFor({ state: 'attached' });
    await page.goto(`${SCRIPTED_ORIGIN}/health`);
    await page.evaluate(() => sessionStorage.clear());
    book.otherWindow(PROJECT, (files) => files.map((file) => ({ ...file, text: `${file.text}// gone on\n` })), '');
    await page.goto(HOME);
    const offer = dialogs().filter({ hasText: 'made on version 3' });
    await offer.getByRole('button', { name: 'Take them up' }).click();
    await page.locator('.ed-saved', { hasText: 'Edited since version 4' }).waitFor();
  });

  it('of the last moment before another strategy is opened are kept', async () => {
    await openTurtle();
    await append('// the last words\n');
    await page.goBack();
    await page.locator('.ed-project-name', { hasText: 'Dip in an uptrend' }).waitFor();
    await page.goForward();
    await dialogs().filter({ hasText: 'Your unsaved edits are back' }).waitFor();
  });

  it('stay when an old version is taken up again', async () => {
    await append('// in no version\n');
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'More about version 1', exact: true }).click({ force: true });
    await page.getByRole('menuitem', { name: 'Restore' }).click();
    await page.getByRole('button', { name: 'Restore version 1' }).click();
    await dialogs().filter({ hasText: 'made on version 3' }).getByRole('button', { name: 'Take them up' }).click();
    await page.locator('.ed-saved', { hasText: 'Edited since version 4' }).waitFor();
  });

  it('are written on while the gateway is away, and saved once', async () => {
    gateway.script({ saveProject: () => 'lost' });
    await append('// while it was away\n');
    await page.keyboard.press('Control+s');
    await dialogs().filter({ hasText: 'Go on writing' }).waitFor();
    const lostKey = gateway.asked('saveProject').at(-1)?.key;
    gateway.script(book.script);
    await page.getByRole('button', { name: 'Save again' }).click();
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
    expect(gateway.asked('saveProject').at(-1)?.key).toBe(lostKey);
  });
});

describe('edits that are offered', () => {
  const offer = (): Locator => dialogs().filter({ hasText: 'There are unsaved edits' });

  it('outlive what is typed and saved beside them, until a person takes them up', async () => {
    await append('// of before\n');
    await dirty();
    await restart();
    await offer().waitFor();
    await append('// of now\n');
    await dirty();
    await page.keyboard.press('Control+s');
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
    await restart();
    await offer().getByRole('button', { name: 'Take them up' }).click();
    await expect.poll(lastLines, { timeout: LIMIT_MS }).toContain('// of before');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(lastLines, { timeout: LIMIT_MS }).toContain('// of now');
    await offer().waitFor();
  });

  it('and are given up take nothing with them that was typed since', async () => {
    await append('// of before\n');
    await dirty();
    await restart();
    await offer().getByRole('button', { name: 'Give them up' }).click();
    await append('// of now\n');
    await dirty();
    await page.locator('.ed-notice').waitFor({ state: 'detached', timeout: LIMIT_MS });
    await openTurtle();
    await page.goto(HOME);
    await dialogs().filter({ hasText: 'Your unsaved edits are back' }).waitFor();
    await expect.poll(lastLines, { timeout: LIMIT_MS }).toContain('// of now');
    await restart();
    await offer().getByRole('button', { name: 'See them' }).click();
    await page.locator('.monaco-diff-editor', { hasText: 'of now' }).waitFor();
  });
});

describe('another strategy that is opened', () => {
  it('keeps its files when the last act on those before could still be taken back', async () => {
    await page.locator('.ed-file', { hasText: 'levels.ts' }).hover();
    await page.getByRole('button', { name: 'Delete levels.ts' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await openTurtle();
    expect(await page.locator('.ed-notice').count()).toBe(0);
    expect(await page.locator('.ed-saved.dirty').count()).toBe(0);
  });

  it('is not what is shown when the way back came before it', async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    gateway.script({ project: async (input) => { if (input.projectId !== PROJECT) await held; return await book.script.project?.(input) ?? 'lost'; } });
    await page.locator('.ed-project-name').click();
    await page.locator('.ed-projects button', { hasText: 'Turtle' }).click();
    await page.waitForURL(/project=turtle/);
    const asked = gateway.asked('project').filter(({ input }) => input.projectId !== PROJECT);
    expect(asked.length).toBeGreaterThan(0);
    await page.goBack();
    await page.waitForURL(HOME);
    letGo();
    await append('// goes on\n');
    await dirty();
    expect(await page.locator('.ed-project-name').innerText()).toContain('Dip in an uptrend');
    await page.keyboard.press('Control+s');
    await page.locator('.ed-saved', { hasText: 'Version 4' }).waitFor();
    expect(book.files(PROJECT)[0]?.text).toContain('// goes on');
  });

  it('says so where an old version cannot be opened, and opens it at the second try', async () => {
    gateway.script({ projectVersion: () => 'lost' });
    await page.goto(`${HOME}&version=1`);
    await dialogs().or(page.locator('.ed-failed')).getByRole('button', { name: /again/i }).waitFor();
    gateway.script(book.script);
    await dialogs().or(page.locator('.ed-failed')).getByRole('button', { name: /again/i }).click();
    await dialogs().filter({ hasText: 'You look at version 1' }).waitFor();
  });
});

it('went without an error or a violated policy', () => {
  expect(watched.problems.filter((problem) => !/ERR_CONNECTION_RESET|409/.test(problem))).toEqual([]);
});
