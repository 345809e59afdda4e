/** A letter: what a person is told, as structured content that each channel puts into its own form. */
import * as z from 'zod';
import { ModeSchema } from '#app/contracts/config.ts';

/** How a figure feels: a gain, a loss, a warning; null = just a figure. */
const toneSchema = z.enum(['gain', 'loss', 'warn']).nullable();
/** A cell; `note` stands smaller below, so that tables stay narrow enough for a telephone. */
const cellSchema = z.object({ text: z.string(), tone: toneSchema.default(null), note: z.string().default('') });
/** Where figures come from, in words, and of when they are (EpochMs). */
const origin = { source: z.string(), asOf: z.number().int() };

/** A part of a letter. All texts are plain: foreign words in them are escaped by whoever renders. */
export const sectionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('figures'), title: z.string(), ...origin, figures: z.array(z.object({ label: z.string(), value: z.string(), tone: toneSchema.default(null), note: z.string().default('') })).max(24) }),
  z.object({ kind: z.literal('table'), title: z.string(), ...origin, columns: z.array(z.object({ label: z.string(), isNumber: z.boolean() })).max(7), rows: z.array(z.array(cellSchema)).max(100), /** How many rows there were beyond those shown. */ more: z.number().int().min(0) }),
  z.object({ kind: z.literal('lines'), title: z.string(), ...origin, lines: z.array(z.string()).max(60), /** Program output is set in a fixed width. */ isCode: z.boolean() }),
]);
/** A part of a letter. */
export type Section = z.infer<typeof sectionSchema>;

/** What a person is told. `subject` is one line; `intro` says the essential in sentences; `at` (EpochMs) is when it was written. */
export const letterSchema = z.object({
  subject: z.string().min(1), title: z.string().min(1), severity: z.enum(['info', 'warning', 'critical']), mode: ModeSchema, at: z.number().int(),
  intro: z.array(z.string()), sections: z.array(sectionSchema).max(12), /** Why this came, and what to do about it. */ footer: z.string(),
});
/** What a person is told. */
export type Letter = z.infer<typeof letterSchema>;
/** How a figure feels. */
export type Tone = z.infer<typeof toneSchema>;
