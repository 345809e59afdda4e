/** Who writes here: the profile that signs versions and reports. */
import type { AuthorProfile, Signature } from '#app/contracts/author.ts';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { onceAsked } from './author-asked.ts';

/** The signature as the profile stands now; null when nobody has written one, or it names nobody. */
export async function readSignature(book: Queryable): Promise<Signature | null> {
  const [row] = await book.query<Signature>(`SELECT name, contact, bio FROM strategy_engine.author_profile WHERE name <> ''`);
  return row ?? null;
}

/** Writes the profile. `at`: when a person did, epoch ms; null = now. */
export async function storeProfile(book: Queryable, { name, contact, bio, picture }: AuthorProfile, at: number | null): Promise<void> {
  await book.query(
    `INSERT INTO strategy_engine.author_profile (name, contact, bio, picture, updated_at) VALUES ($1, $2, $3, $4, coalesce(to_timestamp($5::float8 / 1000), clock_timestamp()))
     ON CONFLICT (is_only) DO UPDATE SET name = EXCLUDED.name, contact = EXCLUDED.contact, bio = EXCLUDED.bio, picture = EXCLUDED.picture, updated_at = EXCLUDED.updated_at`, [name, contact, bio, picture, at],
  );
}

/** Saves the profile. The picture is not written into the audit trail, only whether there is one. `saved` is told after the commit. @throws AppError IDEMPOTENCY_CONFLICT */
export async function saveAuthorProfile(parts: { readonly db: Db; profileSaved(): void }, input: CommandInput<'saveAuthorProfile'>): Promise<CommandOutput<'saveAuthorProfile'>> {
  const { profile } = input;
  await parts.db.tx((tx) => onceAsked(tx, 'author.profile', input, async () => {
    const before = await readSignature(tx);
    await storeProfile(tx, profile, null);
    tx.afterCommit(() => parts.profileSaved());
    const { picture, ...words } = profile;
    return { subject: 'author', before: before ?? {}, after: { ...words, hasPicture: picture !== null }, answer: {} };
  }));
  return profile;
}
