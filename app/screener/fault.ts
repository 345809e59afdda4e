/** What is wrong with a formula, and where: a sentence that says what to do. */

/** `from` to `to`: places of characters in the text, 0-based, `to` behind the last. `hint`: what was probably meant, as a question; `fix`: the text to write in that place, where it is clear. */
export type FormulaFault = { readonly message: string; readonly from: number; readonly to: number; readonly hint: string | null; readonly fix: string | null };

/** A stretch of the text. */
export type Span = { readonly from: number; readonly to: number };

/** Thrown inside the parser alone; `parseFormula` gives it back as a value. */
export class FaultSignal extends Error {
  readonly fault: FormulaFault;

  constructor(fault: FormulaFault) {
    super(fault.message);
    this.name = 'FaultSignal';
    this.fault = fault;
  }
}

/** A fault at a place. `fix`: what to write there instead. */
export function faultAt(message: string, { from, to }: Span, fix: string | null = null): FormulaFault {
  return { message, from, to, fix, hint: fix === null ? null : `Did you mean ${fix}?` };
}

/** Ends the parsing. @throws FaultSignal always */
export function refuse(message: string, span: Span, fix: string | null = null): never {
  throw new FaultSignal(faultAt(message, span, fix));
}
