/** What `import` and `export` understand. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { COLUMN_ROLES, exportWishSchema, importWishSchema, type ImportWish } from '#app/contracts/bulk.ts';
import { ModeSchema, type Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';

/** The help of the two verbs. */
export const BULK_USAGE = `mainspring import PATH... [options]      files and folders of CSV, .gz, .zip
mainspring export SYMBOL... --timeframe T --out FILE [options]

import:
  --preview           show how the files are read; write nothing
  --preset P          generic, yahoo, stooq, alpaca, lean or custom (default: found out)
  --symbol S          of a single file whose name tells none
  --timeframe T       1Min, 5Min, 15Min, 1Hour or 1Day (default: found out)
  --time-zone Z       exchange (default), utc, or a name such as Europe/Berlin
  --policy P          keep what is stored (default), or replace it; the log keeps what was there
  --columns LIST      time=1,open=2,... or time=Datum,...: ${COLUMN_ROLES.join(', ')}
  --separator C  --decimal C  --no-header  --date-format F  --price-scale N
                      F: ymd, compact, dmy, mdy, excel, seconds, millis, micros, nanos
export:
  --timeframe T       which bars
  --adjustment A      raw (default), split, or all (splits and dividends)
  --from DAY  --to DAY
  --out FILE          default: standard output

both:
  --data DIR          one data folder with everything in it
  --mode M            demo, paper or live (default: what runs, or was used last)
  --json              one JSON document instead of text
`;

type Place = { readonly dataDir: string | null; readonly mode: Mode | null; readonly isJson: boolean };
/** A parsed `import`. Paths are absolute. */
export type ImportOptions = Place & { readonly verb: 'import'; readonly wish: ImportWish; readonly isPreview: boolean };
/** A parsed `export`. `query`: as the gateway takes it. */
export type ExportOptions = Place & { readonly verb: 'export'; readonly query: Readonly<Record<string, string>>; readonly out: string | null };
/** What was asked for. */
export type BulkCommand = ImportOptions | ExportOptions | { readonly verb: 'help' };

function refuse(message: string): never {
  throw new AppError('INPUT_INVALID', `${message}\n\n${BULK_USAGE}`);
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

function parseRaw(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv], allowPositionals: true,
      options: {
        data: text, mode: text, json: flag, help: { ...flag, short: 'h' }, preview: flag, preset: text, symbol: text, timeframe: text, 'time-zone': text, policy: text, columns: text, separator: text, decimal: text, 'no-header': flag, 'date-format': text, 'price-scale': text,
        adjustment: text, from: text, to: text, out: text,
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** `time=1,close=Schluss` as the mapping has it. */
function columnsOf(list: string): Record<string, string | number> {
  return Object.fromEntries(list.split(',').map((pair) => {
    const [role = '', ref = ''] = pair.split('=').map((part) => part.trim());
    if (!(COLUMN_ROLES as readonly string[]).includes(role) || ref === '') refuse(`--columns holds "${pair}": write pairs such as time=1 or close=Last`);
    return [role, /^\d+$/.test(ref) ? Number(ref) : ref];
  }));
}

const present = (values: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

type Values = ReturnType<typeof parseRaw>['values'];

function wishOf(values: Values, paths: readonly string[]): ImportWish {
  const mapping = present({
    columns: values.columns === undefined ? undefined : columnsOf(values.columns), separator: values.separator === '\\t' || values.separator === 'tab' ? '\t' : values.separator, decimal: values.decimal,
    hasHeader: values['no-header'] ? false : undefined, dateFormat: values['date-format'], priceScale: values['price-scale'] === undefined ? undefined : Number(values['price-scale']),
  });
  const wish = importWishSchema.safeParse(present({
    paths, preset: values.preset, symbol: values.symbol?.toUpperCase(), timeframe: values.timeframe, timeZone: values['time-zone'], policy: values.policy, mapping: Object.keys(mapping).length === 0 ? undefined : mapping,
  }));
  if (wish.success) return wish.data;
  const issue = wish.error.issues[0];
  return refuse(`${issue?.path.join('.') ?? 'import'}: ${issue?.message ?? 'is not valid'}`);
}

/** Reads the command line behind the verb. `resolve` makes a path absolute. @throws AppError INPUT_INVALID with the usage */
export function parseBulk(verb: 'import' | 'export', argv: readonly string[], resolve: (place: string) => string): BulkCommand {
  const { values, positionals } = parseRaw(argv);
  if (values.help) return { verb: 'help' };
  const mode = values.mode === undefined ? null : (ModeSchema.safeParse(values.mode).data ?? refuse(`--mode is "${values.mode}": write demo, paper or live`));
  const place: Place = { dataDir: values.data === undefined ? null : resolve(values.data), mode, isJson: values.json };
  if (positionals.length === 0) refuse(verb === 'import' ? 'Name the files or folders to import.' : 'Name the symbols to export.');
  if (verb === 'import') return { ...place, verb, wish: wishOf(values, positionals.map((name) => path.normalize(resolve(name)))), isPreview: values.preview };
  const query = present({ symbols: positionals.join(','), timeframe: values.timeframe, adjustment: values.adjustment, from: values.from, to: values.to }) as Record<string, string>;
  const wish = exportWishSchema.safeParse(query);
  if (!wish.success) refuse(`${wish.error.issues[0]?.path.join('.') ?? 'export'}: ${wish.error.issues[0]?.message ?? 'is not valid'}`);
  return { ...place, verb, query, out: values.out === undefined ? null : resolve(values.out) };
}
