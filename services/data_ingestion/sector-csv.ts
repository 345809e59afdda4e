/** Sectors as a person has them in a file: lines `symbol,sector,industry`. */
import { SECTORS, sectorWishSchema, WISH_MAX } from '#app/contracts/universe.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';

type SectorWish = CommandInput<'setSectors'>['rows'][number];
type Refused = { readonly symbol: string; readonly reason: string };

/** A cell of a line: bare, or in quotes, where two of them stand for one. */
const CELL = /^\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/;
const MAX_CELLS = 20;

function cellsOf(line: string): readonly string[] {
  const cells: string[] = [];
  for (let rest = line; cells.length < MAX_CELLS; ) {
    const match = CELL.exec(rest);
    if (!match) return [];
    cells.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
    if (match[3] === '') break;
    rest = rest.slice(match[0].length);
  }
  return cells;
}

function rowOf(line: string, n: number): SectorWish | Refused {
  const [symbol = '', sector = '', industry = ''] = cellsOf(line);
  const known = SECTORS.find((one) => one.toLowerCase() === sector.toLowerCase()) ?? null;
  const refuse = (reason: string): Refused => ({ symbol: symbol.slice(0, 20), reason: `Line ${n + 1}: ${reason}` });
  if (known === null && sector !== '') return refuse(`"${sector.slice(0, 40)}" is no sector; these are: ${SECTORS.join(', ')}`);
  const read = sectorWishSchema.safeParse({ symbol: symbol.toUpperCase(), sector: known, industry: industry === '' ? null : industry });
  return read.success ? read.data : refuse(read.error.issues[0]?.message ?? 'cannot be read');
}

/** Reads the lines: those that can be, and the others with their number and what is wrong. No sector = back to the built-in list. @throws AppError INPUT_TOO_LARGE */
export function readSectorCsv(text: string): { readonly rows: readonly SectorWish[]; readonly refused: readonly Refused[] } {
  const rows: SectorWish[] = [];
  const refused: Refused[] = [];
  for (const [n, line] of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/).entries()) {
    if (line.trim() === '' || (n === 0 && /^\W*symbol\b/i.test(line))) continue;
    const row = rowOf(line, n);
    if ('reason' in row) refused.push(row);
    else rows.push(row);
  }
  if (rows.length + refused.length > WISH_MAX) throw new AppError('INPUT_TOO_LARGE', `At most ${WISH_MAX} lines at once; these are ${rows.length + refused.length}. Give them in several files`);
  return { rows, refused };
}
