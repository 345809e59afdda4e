/** The screener page. */
import type { JSX } from 'react';

/** The page. */
export function ScreenerPage(): JSX.Element {
  return <h1>Screener</h1>;
}
