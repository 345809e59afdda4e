/** A wish in plain words as filters: by our own rules, or by a model on this computer whose every formula goes through our parser. */
import type { screenAnswerSchema } from '#app/contracts/screener.ts';
import { formulasFromModel } from '#app/screener/model.ts';
import { askInWords } from '#app/screener/words/ask.ts';
import { VOCABULARY } from '#app/screener/vocabulary.ts';
import type * as z from 'zod';
import { askModel, findModel, OLLAMA } from './screen-model.ts';

type Answer = z.output<typeof screenAnswerSchema>;

function byRules(text: string, note: string | null): Answer {
  const { filters, rank, notUnderstood, questions } = askInWords(text);
  return { from: 'rules', filters: filters.map((filter) => filter.formula), rank, notUnderstood: notUnderstood.map(([, , words]) => words), note: [note, ...questions].filter((part) => part !== null).join('. ') || null };
}

/**
 * Answers a wish. With `useModel`, what the model says that our parser cannot read is left out and told; without a model, or when nothing of its answer can be read, our rules answer.
 * @throws AppError UNIT_TIMEOUT when the model does not answer
 */
export async function answerWish({ text, useModel }: { readonly text: string; readonly useModel: boolean }, base: string = OLLAMA): Promise<Answer> {
  if (!useModel) return byRules(text, null);
  const { model, note } = await findModel(base);
  if (model === null) return byRules(text, `${note}; our own rules answered`);
  const { filters, rank, refused } = formulasFromModel(await askModel(text, { model, base, vocabulary: VOCABULARY.map((word) => word.signature) }));
  if (filters.length === 0 && rank === null) return byRules(text, 'Nothing of the answer of the language model could be read; our own rules answered');
  return { from: 'model', filters: [...filters], rank, notUnderstood: refused.map((one) => `${one.text}: ${one.reason}`), note: `Suggested by ${model}: read the filters before you trust them` };
}
