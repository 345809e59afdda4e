/** Where the bars lie. */
import type { JSX } from 'react';

/** The tab. */
export function StorageTab(): JSX.Element {
  return <div className="data-tab" />;
}
