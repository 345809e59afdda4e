/** The data page. */
import type { JSX } from 'react';

/** The page. */
export function DataPage(): JSX.Element {
  return <h1>Data</h1>;
}
