/** Reading what others sent: as zod does, and with a typed error where zod itself falls over. */
import * as z from 'zod';

/** What comparing `length` with a limit throws when a message brings something of its own under that name that is no number and cannot become one. */
const UNCOMPARABLE = /^Cannot convert (object to primitive value|a Symbol value to a (string|number))$/;

/** Reads a value from outside. Never throws for any value that JSON or the wire can bring. */
export function tryRead<T extends z.ZodType>(schema: T, raw: unknown): z.ZodSafeParseResult<z.output<T>> {
  try {
    return schema.safeParse(raw);
  } catch (error) {
    // A check of length looks at whatever has a `length` before the type is refused (zod 4). Every other TypeError is a defect of ours.
    if (!(error instanceof TypeError) || !UNCOMPARABLE.test(error.message)) throw error;
    return { success: false, error: new z.ZodError([{ code: 'custom', path: [], message: 'holds an object where a text or a number belongs', input: undefined }]) as z.ZodError<z.output<T>> };
  }
}

/** Reads a value from outside. @throws ZodError when it is not what the schema wants. */
export function readAs<T extends z.ZodType>(schema: T, raw: unknown): z.output<T> {
  const result = tryRead(schema, raw);
  if (!result.success) throw result.error;
  return result.data;
}
