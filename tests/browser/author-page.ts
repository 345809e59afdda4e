/** For tests of the editor: the page with a project open, in a browser that remembers nothing. */
import type { Locator, Page } from 'playwright-core';
import { authorBook } from './author-world.ts';
import type { AuthorBook } from './author-world.ts';
import { SCRIPTED_ORIGIN } from './scripted-gateway.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';

/** The project that is open first. */
export const PROJECT = 'dip_in_an_uptrend';
/** Its address. */
export const HOME = `${SCRIPTED_ORIGIN}/author?project=${PROJECT}`;

/** Where the source is typed. */
export const sourceField = (page: Page): Locator => page.getByTestId('code').getByRole('textbox', { name: 'Source of the strategy' });

/** Waits for the text of the project that is opened. */
export async function untilOpened(page: Page): Promise<void> {
  await page.getByTestId('code').locator('.view-line').first().waitFor();
  await page.locator('.ed-saved').waitFor({ state: 'attached' });
}

/** A book of its own for a case, in a browser that remembers nothing; opens the project. */
export async function freshBook(page: Page, gateway: ScriptedGateway): Promise<AuthorBook> {
  const book = authorBook();
  gateway.script(book.script);
  await page.goto(`${SCRIPTED_ORIGIN}/health`);
  await page.evaluate(async () => {
    localStorage.clear();
    sessionStorage.clear();
    for (const { name } of await indexedDB.databases()) if (name !== undefined) indexedDB.deleteDatabase(name);
  });
  await page.goto(HOME);
  await untilOpened(page);
  return book;
}

/** Writes at the end of the file in front. */
export async function appendTo(page: Page, text: string): Promise<void> {
  await sourceField(page).focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(text);
}
