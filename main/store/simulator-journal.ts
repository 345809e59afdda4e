/** Reading the simulator's journal from outside: what the broker says of its orders, for the invariant checker. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import * as z from 'zod';

const BodySchema = z.object({ id: z.string(), clientOrderId: z.string(), status: z.string(), filledQty: z.string() });

/** An order at the simulator. `filledQty` is decimal text. */
export type JournalOrder = z.infer<typeof BodySchema>;

/** Every order that the simulator ever accepted, null when it never ran in this data folder. The simulator may be running. */
export function readJournalOrders(file: string): JournalOrder[] | null {
  if (!existsSync(file)) return null;
  const db = new Database(file, { readonly: true, timeout: 5_000 });
  try {
    return db.prepare<[], { body: string }>('SELECT body FROM orders ORDER BY seq').all().map((row) => BodySchema.parse(JSON.parse(row.body)));
  } finally {
    db.close();
  }
}
