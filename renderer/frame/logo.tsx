/** The mark: a mainspring, wound. */
import type { JSX } from 'react';

/** The spring in the accent colour. */
export function Logo({ size = 24 }: { size?: number }): JSX.Element {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden>
      <path d="M12 12.2a1.2 1.200 0 1 0-1.100-1.600c-.7 1.800.7 3.700 2.600 3.600 2.700-.1 4.200-3 3.200-5.500C15.400 5.600 11.500 4.500 8.600 6.300 5.100 8.500 4.400 13.200 6.700 16.500c2.400 3.400 7.200 4.200 10.800 2.100 1.300-.8 2.300-1.800 3-3" stroke="var(--accent)" strokeWidth="1.9" strokeLinecap="round" />
      <circle cx="20.500" cy="15.600" r="1.500" fill="var(--accent)" />
    </svg>
  );
}
