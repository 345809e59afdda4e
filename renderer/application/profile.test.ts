/** The author profile: what is wrong as it is typed, the signature, and how a picture is cut. */
import { describe, expect, it } from 'vitest';
import { authorProfileSchema } from '#app/contracts/author.ts';
import { EMPTY_PROFILE, isSameProfile, profileProblems, signatureLine } from './profile-form.ts';
import { bytesOf, fileProblem, squareOf } from './profile-picture.ts';

describe('the form', () => {
  it('finds what the contract would refuse, and a signature without a name', () => {
    expect(profileProblems(EMPTY_PROFILE)).toEqual({});
    expect(profileProblems({ ...EMPTY_PROFILE, contact: 'ada@example.com' })).toEqual({ name: 'Give a name: it is what a signature begins with' });
    const long = { name: 'n'.repeat(81), contact: 'c'.repeat(121), bio: 'b'.repeat(1_001), picture: 'data:image/gif;base64,AAAA' };
    expect(Object.keys(profileProblems(long)).sort()).toEqual(['bio', 'contact', 'name', 'picture']);
    expect(authorProfileSchema.safeParse(long).success).toBe(false);
  });
  it('signs with name and contact, or not at all', () => {
    expect([{ name: ' Ada ', contact: '' }, { name: 'Ada', contact: 'ada@example.com' }, { name: ' ', contact: 'x' }].map(signatureLine)).toEqual(['Ada', 'Ada · ada@example.com', null]);
    expect(isSameProfile(EMPTY_PROFILE, { ...EMPTY_PROFILE, name: ' ' })).toBe(true);
  });
});

describe('a picture', () => {
  it('is a PNG, JPEG or WebP of a sensible size', () => {
    expect(fileProblem({ name: 'a.png', type: 'image/png', size: 1_000 })).toBeNull();
    expect([{ name: 'a.svg', type: 'image/svg+xml', size: 10 }, { name: 'a.png', type: 'image/png', size: 0 }, { name: 'a.png', type: 'image/png', size: 30_000_000 }].map(fileProblem)).toEqual(['a.svg is not a PNG, JPEG or WebP picture. Choose one of these.', 'a.png is empty.', 'a.png has 30 MB. Choose a picture of at most 20 MB.']);
  });
  it('is cut to the square in its middle, never enlarged, and counted in bytes', () => {
    expect(squareOf(400, 300)).toEqual({ x: 50, y: 0, from: 300, to: 256 });
    expect(squareOf(80, 100)).toEqual({ x: 0, y: 10, from: 80, to: 80 });
    expect(['QQ==', 'QUI=', 'QUJD'].map((data) => bytesOf(`data:image/png;base64,${data}`))).toEqual([1, 2, 3]);
  });
});
