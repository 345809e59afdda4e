/** What the invariant checker needs and what it finds. */

/** A read-only look at the book. Rows: numeric as text, int8 as number, timestamptz as epoch ms. */
export type Query = <Row>(text: string, params?: readonly unknown[]) => Promise<Row[]>;

/** A broken invariant: which one (reliability.md 6.3 or a promise), of what, and what was seen. */
export type Violation = { readonly id: string; readonly subject: string; readonly detail: string };

/** An order at the broker, as far as the checker compares it. */
export type BrokerOrderFact = { readonly id: string; readonly clientOrderId: string; readonly status: string; readonly filledQty: string };

/** One invariant's verdict. `checked` counts what was looked at. */
export type InvariantResult = { readonly id: string; readonly title: string; readonly violations: readonly Violation[] };
