/** The author profile: who signs strategies and reports. */
import { useRef, useState } from 'react';
import type { JSX } from 'react';
import { Button, Textarea, TextInput } from '@mantine/core';
import { IconPhoto } from '@tabler/icons-react';
import type { AuthorProfile } from '#app/contracts/author.ts';
import { newKey } from '../data/client.ts';
import { useAction, useRoute } from '../data/queries.ts';
import { Age, Answer, Failure } from '../ui/kit.tsx';
import { AuthorPicture, AuthorSignature } from './author-signature.tsx';
import { EMPTY_PROFILE, isSameProfile, profileProblems, signatureLine } from './profile-form.ts';
import { readPicture } from './profile-picture.ts';

type Change = (part: Partial<AuthorProfile>) => void;

function PictureField({ picture, problem, change }: { picture: string | null; problem: string | undefined; change: Change }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const choose = (file: File | undefined): void => {
    setFailure(null);
    if (file !== undefined) readPicture(file).then((next) => change({ picture: next }), (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
    // The same file may be chosen again after it was changed.
    if (input.current !== null) input.current.value = '';
  };
  const words = failure ?? problem;
  return (
    <div className="profile-picture">
      <AuthorPicture picture={picture} side={72} />
      <div>
        <div className="profile-picture-acts">
          <Button size="compact-sm" variant="default" leftSection={<IconPhoto size={14} />} onClick={() => input.current?.click()}>{picture === null ? 'Choose a picture' : 'Another picture'}</Button>
          {picture !== null && <Button size="compact-sm" variant="subtle" onClick={() => { setFailure(null); change({ picture: null }); }}>Remove</Button>}
          <input ref={input} type="file" hidden aria-label="Picture" accept="image/png,image/jpeg,image/webp" onChange={(event) => choose(event.currentTarget.files?.[0])} />
        </div>
        <p className="muted">PNG, JPEG or WebP. It is cut to a square of 256 pixels here, and stays on this computer.</p>
        {words !== undefined && <p className="loss-text" role="alert">{words}</p>}
      </div>
    </div>
  );
}

function Preview({ profile }: { profile: AuthorProfile }): JSX.Element {
  const line = signatureLine(profile);
  return (
    <section className="profile-preview" aria-label="Preview">
      <h3>How it appears</h3>
      <AuthorSignature profile={profile} />
      <p className="muted">{line === null ? 'Without a name, versions and reports go out unsigned.' : <>Under each version that you save, in files that you export, and at the foot of reports: <span className="profile-line">“{line}”</span>. Versions keep the signature that they were saved with.</>}</p>
    </section>
  );
}

function Form({ saved, updatedAt }: { saved: AuthorProfile; updatedAt: number | null }): JSX.Element {
  const [typed, setTyped] = useState(saved);
  const [before, setBefore] = useState<AuthorProfile | null>(null);
  const save = useAction('saveAuthorProfile', [['authorProfile']]);
  const problems = profileProblems(typed);
  const isChanged = !isSameProfile(typed, saved);
  const change: Change = (part) => { save.reset(); setTyped((now) => ({ ...now, ...part })); };
  const send = (profile: AuthorProfile): void => {
    const was = saved;
    save.mutate({ profile, idempotencyKey: newKey() }, { onSuccess: (kept) => { setTyped(kept); setBefore(was); } });
  };
  const bioLeft = 1_000 - typed.bio.trim().length;
  return (
    <form className="stack profile" onSubmit={(event) => { event.preventDefault(); if (isChanged && Object.keys(problems).length === 0) send(typed); }}>
      <PictureField picture={typed.picture} problem={problems.picture} change={change} />
      <TextInput label="Name" value={typed.name} onChange={(event) => change({ name: event.currentTarget.value })} error={problems.name} autoComplete="off" />
      <TextInput label="Contact" description="A mail address or a page; as you want others to reach you" value={typed.contact} onChange={(event) => change({ contact: event.currentTarget.value })} error={problems.contact} autoComplete="off" />
      <Textarea label="About you" description={`${bioLeft} characters left`} value={typed.bio} onChange={(event) => change({ bio: event.currentTarget.value })} error={problems.bio} autosize minRows={3} maxRows={8} />
      <Preview profile={typed} />
      {save.error !== null && <Failure error={save.error} />}
      <footer className="profile-foot">
        <span className="muted" role="status">{isChanged ? 'Not saved yet' : save.isSuccess ? 'Saved' : updatedAt === null ? 'Nothing saved yet' : <>Saved <Age at={updatedAt} source="Strategy engine" /> ago</>}</span>
        {isChanged && <Button size="compact-md" variant="default" onClick={() => { save.reset(); setTyped(saved); }}>Undo</Button>}
        {!isChanged && before !== null && !isSameProfile(before, saved) && <Button size="compact-md" variant="default" loading={save.isPending} onClick={() => send(before)}>Take the last save back</Button>}
        <Button size="compact-md" type="submit" disabled={!isChanged || Object.keys(problems).length > 0} loading={save.isPending}>Save</Button>
      </footer>
    </form>
  );
}

/** The sheet. */
export function ProfileSheet(): JSX.Element {
  const query = useRoute('authorProfile', ['authorProfile'], {}, { everyMs: 60_000 });
  return <Answer query={query}>{({ profile, updatedAt }) => <Form saved={profile ?? EMPTY_PROFILE} updatedAt={updatedAt} />}</Answer>;
}
