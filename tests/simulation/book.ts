/** The book of a simulation: a real PostgreSQL inside this process, with the real migrations, answering at once and emptied between seeds. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PGlite, protocol } from '@electric-sql/pglite';
import pg from 'pg';
import { invariant } from '#app/domain/errors.ts';

const { serialize } = protocol;
type Field = { readonly name: string; readonly dataTypeID: number };
type Statement = { readonly name: string; readonly fields: readonly Field[] };
type TypeParser = (oid: number, format?: 'text') => (text: string) => unknown;
/** Any message of the protocol, as far as it is looked at here. */
type Message = { readonly name: string; readonly text?: string; readonly fields?: readonly (Field | string | null)[] } & object;

/** What a statement brought. */
export type Answer = { readonly rows: Record<string, unknown>[]; readonly command: string };

const CHECKPOINT_EVERY = 40;

/** As the driver writes parameters: arrays as PostgreSQL's array text, the rest as JSON or text. */
function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return `{${value.map((item: unknown) => (item === null || item === undefined ? 'NULL' : Array.isArray(item) ? parameterText(item) : `"${String(parameterText(item)).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)).join(',')}}`;
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'string' ? value : String(value as number | boolean | bigint);
}

/** One session with the book; nothing in it waits for anything. */
export class SimulatedBook {
  readonly #server: PGlite;
  readonly #statements = new Map<string, Statement>();
  #seedRows: readonly string[] = [];
  #tables: readonly string[] = [];
  #resets = 0;

  private constructor(server: PGlite) {
    this.#server = server;
  }

  /** Starts the server (seconds) and brings it to the newest version. */
  static async open(migrations: string): Promise<SimulatedBook> {
    const server = await PGlite.create();
    for (const file of readdirSync(migrations).filter((name) => name.endsWith('.sql')).sort()) await server.exec(readFileSync(path.join(migrations, file), 'utf8'));
    await server.exec("SET timezone = 'UTC'; SET plan_cache_mode = force_generic_plan; SET fsync = off").catch(() => server.exec("SET timezone = 'UTC'; SET plan_cache_mode = force_generic_plan"));
    const book = new SimulatedBook(server);
    book.#remember();
    return book;
  }

  /** What the migrations themselves wrote: it is there again after each reset. */
  #remember(): void {
    const named = this.ask<{ t: string }>(`SELECT n.nspname || '.' || c.relname AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'logging', 'public') ORDER BY 1`);
    this.#tables = named.map((row) => row.t);
    this.#seedRows = this.#tables.flatMap((table) => this.ask<{ line: string }>(`SELECT format('INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, %L)', row_to_json(r)) AS line FROM ${table} r`).map((row) => row.line));
  }

  /** A book as after its installation; the next seed finds no trace of the one before. */
  async reset(): Promise<void> {
    this.run('ROLLBACK', []);
    const filled = this.ask<{ t: string }>(this.#tables.map((table) => `SELECT '${table}' AS t WHERE EXISTS (SELECT FROM ${table})`).join(' UNION ALL '));
    if (filled.length > 0) this.script(`TRUNCATE ${filled.map((row) => row.t).join(', ')} RESTART IDENTITY CASCADE`);
    this.ask('SELECT setval(format(\'%I.%I\', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences');
    for (const line of this.#seedRows) this.script(line);
    this.script('DISCARD PLANS');
    this.#resets += 1;
    if (this.#resets % CHECKPOINT_EVERY === 0) await this.#server.exec('CHECKPOINT');
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #exchange(...requests: readonly Uint8Array[]): Message[] {
    const answer = this.#server.execProtocolRawSync(Buffer.concat(requests));
    const messages: Message[] = [];
    new protocol.Parser().parse(answer, (message: Message) => void messages.push(message));
    const failed = messages.find((message) => message.name === 'error');
    if (failed) throw failed as unknown as Error;
    return messages;
  }

  #prepared(text: string): Statement {
    const known = this.#statements.get(text);
    if (known) return known;
    const name = `sim${this.#statements.size}`;
    const messages = this.#exchange(serialize.parse({ name, text }), serialize.describe({ type: 'S', name }), serialize.sync());
    const fields = (messages.find((message) => message.name === 'rowDescription')?.fields ?? []) as readonly Field[];
    const statement = { name, fields };
    this.#statements.set(text, statement);
    return statement;
  }

  /** Runs a statement with parameters. @throws the server's own error, with its SQLSTATE as `code` */
  run(text: string, params: readonly unknown[], typeParser: TypeParser = defaultParser): Answer {
    const { name, fields } = this.#prepared(text);
    const messages = this.#exchange(serialize.bind({ statement: name, values: params.map(parameterText) }), serialize.execute({}), serialize.sync());
    const read = fields.map((field) => typeParser(field.dataTypeID, 'text'));
    const rows = messages.filter((message) => message.name === 'dataRow').map((message) => {
      const row: Record<string, unknown> = {};
      fields.forEach((field, n) => {
        const raw = message.fields?.[n];
        row[field.name] = raw === null || raw === undefined ? null : read[n]?.(raw as string);
      });
      return row;
    });
    return { rows, command: messages.find((message) => message.name === 'commandComplete')?.text?.split(' ')[0] ?? '' };
  }

  /** Runs statements without parameters; the command words of all of them. */
  script(text: string): Answer[] {
    return this.#exchange(serialize.query(text)).filter((message) => message.name === 'commandComplete').map((message) => ({ rows: [], command: message.text?.split(' ')[0] ?? '' }));
  }

  /** Reads, as the checker does: numeric as text, int8 as number, timestamptz as epoch ms. */
  ask<Row>(text: string, params: readonly unknown[] = []): Row[] {
    return this.run(text, params).rows as Row[];
  }
}

const OURS: Readonly<Record<number, (text: string) => unknown>> = { 20: Number, 1184: (text) => Date.parse(`${text.replace(' ', 'T')}:00`), 1082: (text) => text };
const defaultParser: TypeParser = (oid, format) => {
  const parser = OURS[oid] ?? (pg.types.getTypeParser(oid, format) as (text: string) => unknown);
  invariant(parser, 'Every type can be read', { oid });
  return parser;
};
