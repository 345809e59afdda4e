/** Why a finding in a strategy's files matters, and what to do: for whoever meets it in the editor. */

const EXPLANATIONS: Readonly<Record<string, string>> = {
  project: 'A strategy is a handful of small files: strategy.ts, which exports it, and what that imports by relative paths.',
  syntax: 'The file cannot be read as TypeScript, so nothing in it can be checked or run. Often a bracket, a comma or a quote is missing just before the marked place.',
  import: 'A strategy is made of its own files and of the module "mainspring" alone: nothing else could be repeated years later, and nothing else is let into the house that holds your money. Copy the few lines that you need into a file of this project.',
  negative_index: 'At the close of a bar the next one has not happened. In a back-test it lies in the columns already; a strategy that reads it earns money that nobody can earn. Use `now` and `ago(n)` with n of 0 or more.',
  whole_column: 'The whole column holds bars that come later: a mean or a maximum over it knows the future. Use `now`, `ago(n)`, or declare an indicator.',
  future_name: 'A name such as this often stands for something that is known only after the bar. If it is computed of past bars alone, give it another name; if it is not, results of the back-test mean nothing.',
  unshifted: 'A maximum that includes this very bar cannot be exceeded by it: the condition is never true, or is true by the bar\'s own doing. Compare with the value as it stood before this bar: `.ago(1)`, or `upperBefore` and `lowerBefore`.',
  clock: 'A back-test runs years in a second: the computer\'s clock says nothing of the bar at hand, and two runs would differ. `context.time` is the close of the bar, live and in a back-test.',
  randomness: 'With other numbers at each run, a back-test could not be repeated and a search would pick luck. Decide by the bars; where a strategy must spread its entries, use the time of the bar.',
  outside: 'A strategy runs sealed off: it sees bars, indicators, its position and its state, so that it does live exactly what it did in the back-test, and so that no file, key or network can be reached from it.',
  memory: 'What is kept outside of `state` is lost at a restart, is shared by all symbols, and makes a second run differ from the first. Keep it in `state`, which is written into the book after each bar.',
  asynchronous: 'The answer of a bar is needed before the next one comes. What was waited for would belong to another bar live than in a back-test. Compute it at once.',
  description: 'What the strategy says of itself, its parameters or its indicators cannot be used. The message names the part.',
  look_ahead: 'With later bars taken away or changed, the strategy said something else at an earlier bar: it decides by what it cannot know live. Its back-tests are worth nothing until this is gone.',
  warm_up: 'The strategy says something else depending on where its bars began. Live it starts on a limited number of past bars, so it would not do what the back-test did. Declare `forgetting`, or compute from indicators.',
};

/** Why it matters and what to do, by the rule of a finding. */
export function explanationOf(rule: string): string {
  return EXPLANATIONS[rule] ?? EXPLANATIONS['description'] ?? '';
}
