/** A language model on this computer (Ollama), when one runs: it may put a wish into formulas, which are then read like anybody's. Nothing leaves the machine. */
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';

/** Where Ollama listens when it is installed as it comes. */
export const OLLAMA = 'http://127.0.0.1:11434';

const LOOK_TIMEOUT_MS = 1_500;
const ANSWER_TIMEOUT_MS = 30_000;
const MAX_REPLY_BYTES = 200_000;
const MAX_WORDS = 400;

const tagsReply = z.object({ models: z.array(z.object({ name: z.string().min(1).max(200) })).max(1_000) });
const generateReply = z.object({ response: z.string() });

/** Whether a model is there, and which one would be asked. */
export type ModelState = { readonly isThere: boolean; readonly model: string | null; readonly note: string };

/** The text of an answer, up to a length. @throws AppError INPUT_TOO_LARGE */
async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (response.body === null) return '';
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > MAX_REPLY_BYTES) throw new AppError('INPUT_TOO_LARGE', 'The language model answered more than can be a screen');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Asks which models there are; that there is none is an answer too. */
export async function findModel(base: string = OLLAMA): Promise<ModelState> {
  try {
    const response = await fetch(`${base}/api/tags`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS), redirect: 'error' });
    if (!response.ok) return { isThere: false, model: null, note: `What listens on Ollama's port answered ${response.status}` };
    const parsed = tagsReply.safeParse(JSON.parse(await textOf(response)));
    const model = parsed.success ? parsed.data.models[0]?.name : undefined;
    if (model === undefined) return { isThere: false, model: null, note: parsed.success ? 'Ollama runs, but it has no model. Run "ollama pull llama3.2" to get one' : "What listens on Ollama's port is not Ollama" };
    return { isThere: true, model, note: `Ollama with ${model}, on this computer` };
  } catch (error) {
    return { isThere: false, model: null, note: `No language model runs on this computer (${describeError(error).slice(0, 120)})` };
  }
}

/** What the model is told: the words of our language, a few examples, and nothing of the account. */
function prompt(wish: string, vocabulary: readonly string[]): string {
  return [
    'You turn a wish about stocks into filters of a small formula language. Answer with JSON alone: {"filters": ["formula", ...], "rank": {"formula": "...", "direction": "asc" or "desc"} or null}.',
    'Each filter is true or false for one stock. Percentages are written 5%. Numbers may end with k, M, B.',
    `Names: ${vocabulary.join(', ')}.`,
    'Examples: "tech stocks with RSI below 30" -> {"filters": ["sector = \\"Information Technology\\"", "rsi(14) < 30"], "rank": null}; "big gainers on volume" -> {"filters": ["change(1) > 5%", "rvol(20) > 2"], "rank": {"formula": "change(1)", "direction": "desc"}}.',
    `Wish: ${wish.slice(0, MAX_WORDS)}`,
  ].join('\n');
}

/** Asks the model. Returns its words as they are. @throws AppError UNIT_TIMEOUT (temporary) when it does not answer, or not as Ollama does */
export async function askModel(wish: string, given: { readonly model: string; readonly vocabulary: readonly string[]; readonly base?: string }): Promise<string> {
  try {
    const response = await fetch(`${given.base ?? OLLAMA}/api/generate`, {
      method: 'POST', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), redirect: 'error', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: given.model, prompt: prompt(wish, given.vocabulary), stream: false, format: 'json', options: { temperature: 0, seed: 1 } }),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return generateReply.parse(JSON.parse(await textOf(response))).response;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('UNIT_TIMEOUT', `The language model gave no usable answer (${describeError(error).slice(0, 160)}). Our own rules still work: switch the model off`, { cause: error });
  }
}
