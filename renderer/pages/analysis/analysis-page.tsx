/** The analysis page. */
import type { JSX } from 'react';

/** The page. */
export function AnalysisPage(): JSX.Element {
  return <h1>Analysis</h1>;
}
