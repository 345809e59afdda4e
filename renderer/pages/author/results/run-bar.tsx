/** The bar at the bottom: run, optimise, deploy. */
import type { JSX } from 'react';

/** The bar. */
export function RunBar(): JSX.Element {
  return <footer className="author-bar" />;
}
