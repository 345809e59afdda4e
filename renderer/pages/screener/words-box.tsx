/** A wish in plain words: what was understood of it becomes filters that can be seen and changed, what was not is marked. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Loader, Tooltip } from '@mantine/core';
import { IconSparkles } from '@tabler/icons-react';
import { askInWords } from '#app/screener/words/ask.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { useAction, useRoute } from '../../data/queries.ts';
import { withFilter } from './draft.ts';
import type { ScreenDraft } from './draft.ts';
import { tell } from '../../ui/notice.ts';
import { changeDraft, draftNow } from './page-state.ts';
import { echoOf } from './words-echo.ts';
import { sentenceOf } from './words.ts';

const TEXT_MAX = 400;
type Found = { readonly filters: readonly string[]; readonly rank: ScreenDraft['rank'] };

/** Puts what was understood in place of the filters that were there; they can be brought back. */
function apply({ filters, rank }: Found): void {
  const before = draftNow();
  changeDraft((now) => filters.reduce(withFilter, { ...now, filters: [], rank: rank ?? now.rank }));
  tell({ text: `${filters.length === 1 ? '1 filter' : `${filters.length} filters`}${rank === null ? '' : ' and a rank'} from your words.`, undo: () => changeDraft(() => before) });
}

/** The wish again: what became a filter, and what nobody understood. */
function Echo({ text, ask }: { text: string; ask: ReturnType<typeof askInWords> }): JSX.Element {
  return <p className="words-echo">{echoOf(text, ask).map((piece) => <span key={piece.from} className={`echo-${piece.kind}`} title={piece.kind === 'missed' ? 'Not understood: nothing is asked for this' : undefined}>{piece.text}</span>)}</p>;
}

function FoundList({ filters, rank }: Found): JSX.Element {
  return (
    <ul className="words-found">
      {filters.map((formula) => <li key={formula} title={formula}>{sentenceOf(formula)}</li>)}
      {rank !== null && <li className="rank" title={rank.formula}>ranked by {sentenceOf(rank.formula)}, {rank.direction === 'desc' ? 'largest first' : 'smallest first'}</li>}
    </ul>
  );
}

/** What a local language model makes of the wish; there only when one runs. */
function ModelPart({ text }: { text: string }): JSX.Element | null {
  const model = useRoute('screenModel', ['screenModel'], {}, { everyMs: 60_000 });
  const action = useAction('askScreen');
  if (model.data?.isThere !== true) return null;
  const answer: RouteOutput<'askScreen'> | undefined = action.data;
  const isAbout = action.variables?.text === text.trim();
  return (
    <div className="words-model">
      <Tooltip label={`Asks ${model.data.model ?? 'the local model'} on this computer. Whatever it says goes through the same parser.`} multiline maw={280}><Button size="compact-xs" variant="default" leftSection={action.isPending ? <Loader size={11} /> : <IconSparkles size={12} />} disabled={action.isPending} onClick={() => action.mutate({ text: text.trim(), useModel: true })}>Ask the local model</Button></Tooltip>
      {action.error !== null && isAbout && <p className="switch-error" role="alert">{action.error.message}</p>}
      {answer !== undefined && isAbout && (
        <>
          <FoundList filters={answer.filters} rank={answer.rank} />
          {answer.notUnderstood.length > 0 && <p className="warn-text">Not understood: {answer.notUnderstood.join(', ')}</p>}
          {answer.note !== null && <p className="muted">{answer.note}</p>}
          <Button size="compact-xs" disabled={answer.filters.length === 0 && answer.rank === null} onClick={() => apply(answer)}>Use these</Button>
        </>
      )}
    </div>
  );
}

/** The part of the left column. */
export function WordsBox(): JSX.Element {
  const [text, setText] = useState('');
  const isEmpty = text.trim() === '';
  const ask = askInWords(text);
  const found: Found = { filters: ask.filters.map((filter) => filter.formula), rank: ask.rank };
  const hasFound = found.filters.length > 0 || found.rank !== null;
  const use = (): void => {
    if (!hasFound) return;
    apply(found);
    // What nobody understood stays, to be said in another way.
    if (ask.notUnderstood.length === 0) setText('');
  };
  return (
    <section className="side-part words-part" aria-label="In plain words">
      <textarea className="words-field" rows={2} value={text} maxLength={TEXT_MAX} placeholder="What do you look for? Tech stocks with RSI below 30 and volume above 1 million" aria-label="What do you look for?" data-act="words" spellCheck={false}
        onChange={(event) => setText(event.currentTarget.value.replaceAll('\n', ' '))} onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); if (!event.ctrlKey && !event.metaKey) use(); } if (event.key === 'Escape') event.currentTarget.blur(); }} />
      {!isEmpty && (
        <div className="words-answer" aria-live="polite">
          {ask.notUnderstood.length > 0 && <Echo text={text} ask={ask} />}
          <FoundList {...found} />
          {ask.questions.map((question) => <p key={question} className="warn-text">{question}</p>)}
          {ask.notUnderstood.length > 0 && <p className="warn-text">{hasFound ? 'What is underlined was not understood and is not asked.' : 'Nothing of this was understood. Name a price, a volume, an indicator, a sector.'}</p>}
          <div className="words-buttons"><Button size="compact-xs" disabled={!hasFound} onClick={use}>Use {found.filters.length === 1 && found.rank === null ? 'this filter' : 'these filters'}</Button><span className="muted">Enter</span></div>
          <ModelPart text={text} />
        </div>
      )}
    </section>
  );
}
