/** A strategy as a file: handed on as JSON with its hash and signature, or taken in as JSON or as bare TypeScript. */
import { ENTRY_FILE, MAX_PROJECT_CHARACTERS, projectFilesSchema, projectNameSchema, strategyExportSchema } from '#app/contracts/author.ts';
import type { ProjectFile, ProjectVersion, StrategyExport } from '#app/contracts/author.ts';
import { bytes } from '../../../ui/format.ts';

/** A text of JSON may double each character; more is no strategy. */
const MAX_IMPORT_BYTES = MAX_PROJECT_CHARACTERS * 3;

/** What was read from a file, ready to become a project. */
export type ReadStrategy = { readonly name: string; readonly files: readonly ProjectFile[]; readonly note: string };

/** SHA-256 (hex) of the files, as the book has it: of the canonical JSON `[[path, text], ...]`, sorted by path. */
export async function hashOf(files: readonly ProjectFile[]): Promise<string> {
  const rows = files.map(({ path, text }) => [path, text] as const).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(rows)));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The file that a version is handed on as. `at`: epoch ms. */
export function exportOf({ project, version, files }: ProjectVersion, at: number): StrategyExport {
  return { format: 'mainspring-strategy', formatVersion: 1, name: project.name, version: version.version, note: version.note, hash: version.hash, signature: version.signature, exportedAt: at, files: [...files] };
}

/** A name for the file. fileNameOf('Dip in an uptrend', 3) = 'dip-in-an-uptrend-v3.json' */
export function fileNameOf(name: string, version: number): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return `${plain === '' ? 'strategy' : plain}-v${version}.json`;
}

/** `files.0.path` as people say it. */
function fieldWords(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file as a whole' : `“${path.map((part) => (typeof part === 'number' ? `number ${part + 1}` : String(part))).join(', ')}”`;
}

function refusal(file: string, why: string): Error {
  return new Error(`${file} was not imported: ${why}`);
}

function fromSource(file: string, text: string): ReadStrategy {
  const files = projectFilesSchema.safeParse([{ path: ENTRY_FILE, text }]);
  if (!files.success) throw refusal(file, files.error.issues[0]?.message ?? 'it cannot be a strategy');
  const name = projectNameSchema.safeParse(file.replace(/\.ts$/i, '').replaceAll(/[_-]+/g, ' ').slice(0, 80));
  return { name: name.success ? name.data : 'Imported strategy', files: files.data, note: `Imported from ${file}`.slice(0, 500) };
}

async function fromJson(file: string, text: string): Promise<ReadStrategy> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw refusal(file, `it is no JSON (${error instanceof Error ? error.message : String(error)}). Export the strategy again, or import its .ts file.`);
  }
  const parsed = strategyExportSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refusal(file, `${fieldWords(issue?.path ?? [])} is wrong: ${issue?.message ?? 'not what was expected'}. Export the strategy again, or correct it by hand.`);
  }
  const { name, files, hash, version, signature } = parsed.data;
  if (await hashOf(files) !== hash) throw refusal(file, 'its sources do not fit the “hash” that was written with them: it was changed or damaged on its way. Ask for it again, or import the source as a .ts file.');
  const by = signature === null || signature.name === '' ? '' : `, signed by ${signature.name}`;
  return { name, files, note: `Imported from ${file}${version === null ? '' : `, version ${version}`}${by}`.slice(0, 500) };
}

/** Reads a strategy from a file that a person chose. @throws Error in words that name the field that is wrong */
export async function readStrategyFile(file: File): Promise<ReadStrategy> {
  if (file.size > MAX_IMPORT_BYTES) throw refusal(file.name, `it has ${bytes(file.size)}; a strategy has at most ${bytes(MAX_IMPORT_BYTES)}.`);
  const text = await file.text();
  if (/\.ts$/i.test(file.name)) return fromSource(file.name, text);
  if (/\.json$/i.test(file.name)) return fromJson(file.name, text);
  throw refusal(file.name, 'choose a .json file that was exported here, or a .ts file.');
}
