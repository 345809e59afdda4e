/** The page is built before the first browser test begins: no test's time limit pays for it. */
import { buildPage } from './built-page.ts';

/** Called by vitest once for a run. */
export const setup = (): Promise<void> => buildPage();
