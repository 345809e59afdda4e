/** Pieces of strategies to begin with: typed by their first letters, filled in with Tab. */
/* eslint-disable no-template-curly-in-string -- these are the places of snippets that a person fills in */

/** A piece. `body` in the words of snippets: `${1:first}` is filled in first. */
export type Snippet = { readonly prefix: string; readonly title: string; readonly about: string; readonly body: string };

/** All of them. */
export const SNIPPETS: readonly Snippet[] = [
  {
    prefix: 'strategy-new', title: 'A whole strategy', about: 'Parameters, indicators, and what is decided at each close.',
    body: ["import { integer, sma, strategy } from 'mainspring';", '', 'export default strategy({', "  kind: '${1:my_strategy}',", "  title: '${2:My strategy}',", "  description: '${3:What it does, in a sentence.}',", "  scope: 'symbol',", '  parameters: {', "    period: integer(${4:50}, { min: 5, max: 200, step: 5, describe: 'Bars of the average' }),", '  },', '  indicators: ({ period }) => ({ average: sma(period) }),', '  onBar({ on }) {', '    const { average } = on.indicators;', '    if (on.close.now > average.now) on.long();', '    else on.flat();', '  },', '});', '$0'].join('\n'),
  },
  { prefix: 'entry', title: 'Enter, with reasons', about: 'Holds the symbol from the next bar on, and says why.', body: ['if (${1:condition}) {', "  on.long({ reasons: () => [{ name: '${2:Close}', value: on.close.now.toFixed(2), threshold: '${3:above the average}' }] });", '}$0'].join('\n') },
  { prefix: 'exit', title: 'Leave', about: 'Holds nothing from the next bar on.', body: 'else if (${1:condition}) on.flat();$0' },
  { prefix: 'entry-stop', title: 'Enter with a stop at the broker', about: 'The stop lives at the broker and works while this computer is off. `range` is an `atr(14)` that is declared as an indicator.', body: ['if (${1:condition}) {', '  on.long({ atr: range.now, stopPrice: on.close.now - ${2:3} * range.now });', '}$0'].join('\n') },
  { prefix: 'indicator', title: 'Declare indicators', about: 'Declared once; the engine computes and keeps them.', body: 'indicators: ({ ${1:period} }) => ({ ${2:average}: ${3:sma}(${1:period}) }),$0' },
  { prefix: 'parameter', title: 'A parameter', about: 'A number that a person sets and a search tries, from min to max.', body: "${1:period}: integer(${2:20}, { min: ${3:5}, max: ${4:200}, step: ${5:5}, describe: '${6:Bars of the average}' }),$0" },
  { prefix: 'state', title: 'Memory', about: 'Plain JSON, written into the book after each bar: a restart changes nothing.', body: 'initialState: (): { ${1:wait}: ${2:number} } => ({ ${1:wait}: ${3:0} }),$0' },
  { prefix: 'check', title: 'A named condition', about: 'Gives the condition back, and shows it for every bar in "why did it (not) trade here".', body: "const ${1:isWeak} = on.check('${2:Buy: strength below the entry level}', ${3:strength.now < parameters.entryBelow}, ${4:strength.now}, ${5:parameters.entryBelow});$0" },
  { prefix: 'log-line', title: 'A line in the log', about: 'Written beside the bar; shown with the run and live.', body: 'log(`${1:close} \\${on.close.now.toFixed(2)}`);$0' },
];
