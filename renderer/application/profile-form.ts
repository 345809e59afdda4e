/** The author profile as it is typed. Pure. */
import { authorProfileSchema } from '#app/contracts/author.ts';
import type { AuthorProfile } from '#app/contracts/author.ts';

/** Nobody yet. */
export const EMPTY_PROFILE: AuthorProfile = { name: '', contact: '', bio: '', picture: null };

const LONGEST = { name: 80, contact: 120, bio: 1_000 } as const;

/** What is wrong, by field. */
export function profileProblems(profile: AuthorProfile): Partial<Record<keyof AuthorProfile, string>> {
  const found: Partial<Record<keyof AuthorProfile, string>> = {};
  for (const field of ['name', 'contact', 'bio'] as const) {
    const { length } = profile[field].trim();
    if (length > LONGEST[field]) found[field] = `${length} characters; at most ${LONGEST[field]}`;
  }
  const parsed = authorProfileSchema.safeParse(profile);
  const picture = parsed.success ? undefined : parsed.error.issues.find(({ path }) => path[0] === 'picture')?.message;
  if (picture !== undefined) found.picture = picture;
  const saysSomething = profile.contact.trim() !== '' || profile.bio.trim() !== '' || profile.picture !== null;
  if (profile.name.trim() === '' && saysSomething) found.name = 'Give a name: it is what a signature begins with';
  return found;
}

/** Do two profiles say the same? */
export function isSameProfile(a: AuthorProfile, b: AuthorProfile): boolean {
  return a.name.trim() === b.name.trim() && a.contact.trim() === b.contact.trim() && a.bio.trim() === b.bio.trim() && a.picture === b.picture;
}

/** The line under a version or a report; null = it goes out unsigned. */
export function signatureLine(profile: Pick<AuthorProfile, 'name' | 'contact'>): string | null {
  const [name, contact] = [profile.name.trim(), profile.contact.trim()];
  return name === '' ? null : contact === '' ? name : `${name} · ${contact}`;
}
