/** Who signs: the picture, the name, the way to reach them. */
import type { JSX } from 'react';
import { IconUserCircle } from '@tabler/icons-react';
import type { AuthorProfile } from '#app/contracts/author.ts';
import { signatureLine } from './profile-form.ts';

/** The picture, or a place for one. */
export function AuthorPicture({ picture, side }: { picture: string | null; side: number }): JSX.Element {
  return picture === null ? <IconUserCircle className="author-picture none" size={side} stroke={1.2} aria-hidden /> : <img className="author-picture" src={picture} width={side} height={side} alt="" />;
}

/** The signature with its few words. */
export function AuthorSignature({ profile }: { profile: AuthorProfile }): JSX.Element {
  return (
    <div className="author-signature">
      <AuthorPicture picture={profile.picture} side={44} />
      <div><strong>{signatureLine(profile) ?? 'Unsigned'}</strong>{profile.bio.trim() !== '' && <p className="muted">{profile.bio.trim()}</p>}</div>
    </div>
  );
}
