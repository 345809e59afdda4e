/** What a template is: a strategy as source that a person begins with. */

/** A template. `teaches`: what a reader learns from it; `isExample`: it explains itself line by line, the others are the strategies of the house as source. `suggested`: symbols and width of bars on which it shows what it does. */
export type Template = {
  readonly templateId: string; readonly title: string; readonly description: string; readonly level: 'first' | 'common' | 'advanced'; readonly isExample: boolean; readonly scope: 'symbol' | 'portfolio';
  readonly teaches: readonly string[]; readonly suggested: { readonly symbols: readonly string[]; readonly timeframe: string }; readonly files: readonly { readonly path: string; readonly text: string }[];
};

/** A template of one file. */
export const oneFile = (text: string): Template['files'] => [{ path: 'strategy.ts', text }];
