/** What "an empty strategy" begins with: the least that can be run. */
import { ENTRY_FILE } from '#app/contracts/author.ts';
import type { ProjectFile } from '#app/contracts/author.ts';

const TEXT = `import { integer, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'my_strategy',
  title: 'My strategy',
  description: 'Holds the symbol while it closes above its average.',
  scope: 'symbol',
  parameters: {
    period: integer(50, { min: 5, max: 200, step: 5, describe: 'Bars of the average' }),
  },
  indicators: ({ period }) => ({ average: sma(period) }),
  onBar({ on }) {
    const { average } = on.indicators;
    if (on.close.now > average.now) on.long();
    else on.flat();
  },
});
`;

/** Its files. */
export const EMPTY_STRATEGY: readonly ProjectFile[] = [{ path: ENTRY_FILE, text: TEXT }];
