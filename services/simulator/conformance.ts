/** The conformance report: every operation of the broker's OpenAPI files and every stream message, served or refused with the reason. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OPERATIONS, type Operation } from './operations.ts';
import { STREAM_MESSAGES } from './stream-messages.ts';

/** An operation as a description has it: its id and its query and body parameters. */
export type Described = { readonly id: string; readonly method: string; readonly path: string; readonly parameters: readonly string[] };

type Reference = { readonly $ref?: string };
type RawParameter = Reference & { readonly name?: string; readonly in?: string };
type RawSchema = Reference & { readonly properties?: Readonly<Record<string, unknown>> };
type RawOperation = { readonly operationId?: string; readonly parameters?: readonly RawParameter[]; readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: RawSchema }>> } };
type RawDocument = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>> & { readonly parameters?: readonly RawParameter[] }>>;
  readonly components: { readonly parameters?: Readonly<Record<string, RawParameter>>; readonly schemas?: Readonly<Record<string, RawSchema>> };
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** The broker's two descriptions. */
export const OPENAPI_FILES = ['trading-api.json', 'market-data-api.json'] as const;
const ROOT = path.resolve(import.meta.dirname, '../..');
const REPORT = path.join(ROOT, 'docs/conformance.md');

/** Where the broker's descriptions are, or null when they are not at hand. */
export function openapiFolder(given: string | null): string | null {
  const folder = given ?? path.resolve(ROOT, '../shared/alpaca');
  return OPENAPI_FILES.every((file) => existsSync(path.join(folder, file))) ? folder : null;
}

const nameOf = (reference: string): string => reference.split('/').at(-1) ?? '';

function describeOperation(document: RawDocument, place: { readonly path: string; readonly method: string }, operation: RawOperation): Described {
  const listed = [...(document.paths[place.path]?.parameters ?? []), ...(operation.parameters ?? [])].map((one) => (one.$ref === undefined ? one : document.components.parameters?.[nameOf(one.$ref)] ?? {}));
  const bodies = Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => (schema?.$ref === undefined ? schema : document.components.schemas?.[nameOf(schema.$ref)]));
  const query = listed.filter((one) => one.in === 'query').map((one) => one.name ?? '');
  const body = bodies.flatMap((schema) => Object.keys(schema?.properties ?? {}));
  return { id: operation.operationId ?? '', method: place.method.toUpperCase(), path: place.path, parameters: [...new Set([...query, ...body])] };
}

/** Every operation of the descriptions in a folder. */
export function readOperations(folder: string): readonly Described[] {
  return OPENAPI_FILES.flatMap((file) => {
    const document = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as RawDocument;
    return Object.entries(document.paths).flatMap(([where, operations]) =>
      METHODS.flatMap((method) => {
        const operation = operations[method];
        return operation ? [describeOperation(document, { path: where, method }, operation)] : [];
      }));
  });
}

/** Where our table and the broker's descriptions differ, in words; none = they agree to the last parameter. */
export function differences(described: readonly Described[]): readonly string[] {
  const ours = new Map(OPERATIONS.map((operation) => [`${operation.method} ${operation.path}`, operation]));
  const theirs = new Map(described.map((operation) => [`${operation.method} ${operation.path}`, operation]));
  const found: string[] = [];
  for (const [key, one] of theirs) {
    const mine = ours.get(key);
    if (!mine) found.push(`${key} (${one.id}) is neither served nor refused`);
    else if (mine.id !== one.id) found.push(`${key} is ${one.id} there and ${mine.id} here`);
    else if (mine.parameters) {
      for (const name of one.parameters) if (!Object.hasOwn(mine.parameters, name)) found.push(`${key}: parameter ${name} is neither honoured nor refused`);
      for (const name of Object.keys(mine.parameters)) if (!one.parameters.includes(name)) found.push(`${key}: parameter ${name} is not the broker's`);
    }
  }
  for (const key of ours.keys()) if (!theirs.has(key)) found.push(`${key} is not the broker's`);
  return found;
}

function parametersText({ parameters }: Operation): string {
  if (!parameters) return '';
  const honoured = Object.entries(parameters).filter(([, how]) => how === '').map(([name]) => `\`${name}\``);
  const other = Object.entries(parameters).filter(([, how]) => how !== '').map(([name, how]) => `\`${name}\`: ${how}`);
  return [honoured.join(' '), ...other].filter((part) => part !== '').join('; ');
}

/** The report's text. Pure: the same table gives the same text. */
export function reportText(): string {
  const servedOperations = OPERATIONS.filter((operation) => operation.parameters !== null);
  const refused = OPERATIONS.filter((operation) => operation.parameters === null);
  const reasons = [...new Set(refused.map((operation) => operation.note))];
  const lines = [
    '# Conformance of the simulator', '',
    'Made by `npm run simulator -- --conformance` from the tables that the simulator itself runs on; a test compares them with the broker\'s OpenAPI descriptions, operation by operation and parameter by parameter.', '',
    `Operations: ${OPERATIONS.length}, served ${servedOperations.length}, refused on purpose ${refused.length}. Stream messages: ${STREAM_MESSAGES.length}, served ${STREAM_MESSAGES.filter((message) => message.isServed).length}, refused on purpose ${STREAM_MESSAGES.filter((message) => !message.isServed).length}.`, '',
    '## Served', '', '| operation | request | parameters: honoured; treated otherwise | limits of faithfulness |', '| --- | --- | --- | --- |',
    ...servedOperations.map((operation) => `| ${operation.id} | \`${operation.method} ${operation.path}\` | ${parametersText(operation)} | ${operation.note} |`), '',
    '## Refused on purpose', '', 'Each is answered with 403, code 40310000 and the reason; nothing is touched.', '',
    ...reasons.flatMap((reason) => [`### ${reason[0]?.toUpperCase() ?? ''}${reason.slice(1)}`, '', ...refused.filter((operation) => operation.note === reason).map((operation) => `- ${operation.id}: \`${operation.method} ${operation.path}\``), '']),
    '## Messages of the streams', '', '| stream | from the client or to it | message | served | note |', '| --- | --- | --- | --- | --- |',
    ...STREAM_MESSAGES.map((message) => `| ${message.stream} | ${message.direction === 'out' ? 'from' : 'to'} | ${message.name} | ${message.isServed ? 'yes' : 'no, on purpose'} | ${message.note} |`), '',
  ];
  return lines.join('\n');
}

/** Writes the report, or only compares it. `isGood`: the tables agree with the descriptions, and (for a comparison) the file is up to date. */
export function writeConformance(given: string | null, isCheck: boolean): { readonly message: string; readonly isGood: boolean } {
  const folder = openapiFolder(given);
  if (given !== null && folder === null) return { message: `${given} does not hold ${OPENAPI_FILES.join(' and ')}: download them from the broker's documentation`, isGood: false };
  const found = folder === null ? [] : differences(readOperations(folder));
  if (found.length > 0) return { message: `The simulator and the broker's descriptions differ:\n${found.join('\n')}`, isGood: false };
  const next = reportText();
  const compared = folder === null ? "The broker's descriptions are not at hand (--openapi DIR): only the report was made." : `Compared with ${folder}: every operation and parameter is accounted for.`;
  if (!isCheck) {
    writeFileSync(REPORT, next);
    return { message: `docs/conformance.md is written. ${compared}`, isGood: true };
  }
  const isSame = existsSync(REPORT) && readFileSync(REPORT, 'utf8') === next;
  return { message: isSame ? `docs/conformance.md is up to date. ${compared}` : 'docs/conformance.md is out of date: npm run simulator -- --conformance', isGood: isSame };
}
