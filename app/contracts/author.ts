/** What a person writes: projects of a few files, their versions, findings, templates, and who signs them. */
import * as z from 'zod';

const ms = z.number().int();

/** Most files of a project, and most characters of one and of all together. */
export const MAX_PROJECT_FILES = 20;
export const MAX_FILE_CHARACTERS = 400_000;
export const MAX_PROJECT_CHARACTERS = 1_000_000;
/** Largest request with files: three bytes a character, and room. */
export const MAX_FILES_BYTES = 4_000_000;
/** Largest request with a profile: its picture, and room. */
export const MAX_PROFILE_BYTES = 500_000;
/** Most projects, and most versions of one that are kept and listed. */
export const MAX_PROJECTS = 500;
export const MAX_PROJECT_VERSIONS = 2_000;
/** The file that exports the strategy; the others are what it imports by relative paths. */
export const ENTRY_FILE = 'strategy.ts';

/** Names a project in every market of a home. */
export const projectIdSchema = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be small letters, digits and _, beginning with a letter');
/** What people call it; one name, one project, whatever its capitals. */
export const projectNameSchema = z.string().trim().min(1, 'Give it a name').max(80, 'At most 80 characters');
const versionNumber = z.coerce.number().int().min(1).max(1_000_000);
/** SHA-256 of the files: of the canonical JSON `[[path, text], ...]`, sorted by path. Hex. */
export const filesHashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** One file. `path`: relative, with `/`, small letters, such as `strategy.ts` or `lib/levels.ts`. */
export const projectFileSchema = z.strictObject({
  path: z.string().max(80).regex(/^[a-z0-9][a-z0-9_-]*(\/[a-z0-9][a-z0-9_-]*){0,3}\.ts$/, 'must be a path such as levels.ts or lib/levels.ts: small letters, digits, - and _'),
  // The book stores no text that is none: a zero character, or half of a pair of characters.
  text: z.string().max(MAX_FILE_CHARACTERS, `A file has at most ${MAX_FILE_CHARACTERS} characters`).refine((text) => !/\0|\p{Surrogate}/u.test(text), 'is not text: it holds a character that cannot be stored. Save the file as UTF-8 and try again'),
});
/** One file. */
export type ProjectFile = z.infer<typeof projectFileSchema>;

/** The files of a version. */
export const projectFilesSchema = z.array(projectFileSchema).min(1).max(MAX_PROJECT_FILES, `A project has at most ${MAX_PROJECT_FILES} files`).superRefine((files, context) => {
  if (!files.some(({ path }) => path === ENTRY_FILE)) context.addIssue({ code: 'custom', message: `The file ${ENTRY_FILE} is missing: it exports the strategy` });
  if (new Set(files.map(({ path }) => path)).size !== files.length) context.addIssue({ code: 'custom', message: 'Two files have the same name' });
  if (files.reduce((sum, { text }) => sum + text.length, 0) > MAX_PROJECT_CHARACTERS) context.addIssue({ code: 'custom', message: `All files together have at most ${MAX_PROJECT_CHARACTERS} characters` });
});

/** Who writes. `picture`: a PNG, JPEG or WebP as a data URI. */
export const authorProfileSchema = z.strictObject({
  name: z.string().trim().max(80), contact: z.string().trim().max(120), bio: z.string().trim().max(1_000),
  picture: z.string().max(300_000, 'The picture is too large: at most 200 kB').regex(/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/, 'must be a PNG, JPEG or WebP picture').nullable(),
});
/** Who writes. */
export type AuthorProfile = z.infer<typeof authorProfileSchema>;
/** The signature under a version or a report: the profile without its picture, as it stood then. */
export const signatureSchema = authorProfileSchema.pick({ name: true, contact: true, bio: true });
/** A signature. */
export type Signature = z.infer<typeof signatureSchema>;

/** What was found in the files. Places from 1; `path` null = of the whole project. `explanation`: why it matters and what to do. */
export const projectFindingSchema = z.object({
  source: z.enum(['syntax', 'static', 'description', 'look_ahead', 'warm_up']), rule: z.string(), severity: z.enum(['error', 'warning']), path: z.string().nullable(), line: z.number().int(), column: z.number().int(),
  endLine: z.number().int().nullable(), endColumn: z.number().int().nullable(), message: z.string(), explanation: z.string(),
});
/** A finding. */
export type ProjectFinding = z.infer<typeof projectFindingSchema>;

/** A parameter as forms draw it. */
export const parameterViewSchema = z.object({
  name: z.string(), kind: z.enum(['integer', 'number', 'choice', 'flag']), default: z.union([z.number(), z.string(), z.boolean()]), min: z.number().nullable(), max: z.number().nullable(), step: z.number().nullable(),
  unit: z.string(), choices: z.array(z.string()), describe: z.string(),
});
/** A parameter. */
export type ParameterView = z.infer<typeof parameterViewSchema>;
/** What the files say that they are. `symbols`: least and most of a portfolio. `isMemoryFree`: it may run ahead over columns, which is fast. */
export const projectFactsSchema = z.object({
  kind: z.string(), title: z.string(), description: z.string(), scope: z.enum(['symbol', 'portfolio']), symbols: z.tuple([z.number().int(), z.number().int().nullable()]), usesShorts: z.boolean(), usesOrders: z.boolean(),
  parameters: z.array(parameterViewSchema), firstBar: z.number().int(), warmUpBars: z.number().int(), isMemoryFree: z.boolean(),
});
/** What the files say that they are. */
export type ProjectFacts = z.infer<typeof projectFactsSchema>;

/** A look over the files. `facts` null: they cannot be loaded, and a finding says why. */
export const projectCheckSchema = z.object({ hash: filesHashSchema, findings: z.array(projectFindingSchema), facts: projectFactsSchema.nullable(), tookMs: z.number() });
/** A look over the files. */
export type ProjectCheck = z.infer<typeof projectCheckSchema>;

/** Which bars the look-ahead and warm-up checks ran over, and what they found. */
export const lookAheadResultSchema = z.object({
  hash: filesHashSchema, symbols: z.array(z.string()), timeframe: z.string(), from: ms.nullable(), to: ms.nullable(), bars: z.number().int(), signals: z.number().int(), cuts: z.number().int(),
  isClean: z.boolean(), isWarmUpClean: z.boolean(), findings: z.array(projectFindingSchema), problem: z.string().nullable(), tookMs: z.number(), checkedAt: ms,
});
/** What the look-ahead and warm-up checks found. */
export type LookAheadResult = z.infer<typeof lookAheadResultSchema>;

/** A version without its files. `runs`: back-tests of it; `strategies`: deployments that run it now. */
export const versionViewSchema = z.object({
  projectId: z.string(), version: z.number().int(), hash: filesHashSchema, note: z.string(), restoredFrom: z.number().int().nullable(), signature: signatureSchema.nullable(), savedBy: z.string(), savedAt: ms,
  files: z.number().int(), characters: z.number().int(), runs: z.number().int(), strategies: z.array(z.string()), check: z.enum(['clean', 'warnings', 'errors', 'unchecked']), lookAhead: z.enum(['clean', 'found', 'unchecked']),
});
/** A version without its files. */
export type VersionView = z.infer<typeof versionViewSchema>;

/** A project in a list. `latest`: its newest version. */
export const projectViewSchema = z.object({
  projectId: z.string(), name: z.string(), templateId: z.string().nullable(), isArchived: z.boolean(), createdAt: ms, updatedAt: ms, title: z.string().nullable().describe('Of the strategy, as it last could be loaded'),
  latest: versionViewSchema, versions: z.number().int(),
});
/** A project. */
export type ProjectView = z.infer<typeof projectViewSchema>;

/** A whole version, to edit or to compare. */
export const projectVersionSchema = z.object({ project: projectViewSchema, version: versionViewSchema, files: z.array(projectFileSchema) });
/** A whole version. */
export type ProjectVersion = z.infer<typeof projectVersionSchema>;

/** A template. `teaches`: what a reader learns from it, in a few points; `level` orders the gallery. `isExample`: it explains itself line by line; the others are the strategies of the house as source. */
export const templateSchema = z.object({
  templateId: z.string(), title: z.string(), description: z.string(), level: z.enum(['first', 'common', 'advanced']), isExample: z.boolean(), scope: z.enum(['symbol', 'portfolio']), teaches: z.array(z.string()),
  suggested: z.object({ symbols: z.array(z.string()), timeframe: z.string() }), files: z.array(projectFileSchema),
});
/** A template. */
export type StrategyTemplate = z.infer<typeof templateSchema>;

/** The file that a strategy is handed on as. */
export const strategyExportSchema = z.strictObject({
  format: z.literal('mainspring-strategy'), formatVersion: z.literal(1), name: projectNameSchema, version: z.number().int().nullable(), note: z.string().max(500), hash: filesHashSchema, signature: signatureSchema.nullable(), exportedAt: ms,
  files: projectFilesSchema,
});
/** The file that a strategy is handed on as. */
export type StrategyExport = z.infer<typeof strategyExportSchema>;

/** Where a new project comes from. */
export const projectSourceSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('template'), templateId: z.string().min(1).max(60) }),
  z.strictObject({ from: z.literal('files'), files: projectFilesSchema }),
  z.strictObject({ from: z.literal('version'), projectId: projectIdSchema, version: versionNumber }),
]);
/** Where a new project comes from. */
export type ProjectSource = z.infer<typeof projectSourceSchema>;

/** Fields of the commands and routes about projects. */
export const projectFields = {
  create: { name: projectNameSchema, source: projectSourceSchema, note: z.string().trim().max(500).default('') },
  /** `base`: the version that was edited. Another newer one = VERSION_CONFLICT, unless `isOver` (a person has seen it and saves over it). */
  save: { projectId: projectIdSchema, files: projectFilesSchema, note: z.string().trim().max(500).default(''), base: versionNumber, isOver: z.boolean().default(false) },
  restore: { projectId: projectIdSchema, version: versionNumber, note: z.string().trim().max(500).default('') },
  rename: { projectId: projectIdSchema, name: projectNameSchema },
  archive: { projectId: projectIdSchema, isArchived: z.boolean() },
  check: { files: z.array(projectFileSchema).min(1).max(MAX_PROJECT_FILES) },
  /** What is left out: the symbols and the width of the newest back-test of the project, else the first watched symbol in days. */
  lookAhead: { projectId: projectIdSchema, version: versionNumber, symbols: z.array(z.string().max(12)).min(1).max(20).optional(), timeframe: z.string().max(10).optional() },
};
/** A version of a project. */
export const versionAsk = z.object({ projectId: projectIdSchema, version: versionNumber });
