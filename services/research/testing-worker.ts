/** Entry of a research thread for tests: one strategy that misbehaves when its parameter says so. */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '#app/domain/errors.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { testingStrategy, type Mood } from './testing-strategy.ts';
import { serveThread } from './thread.ts';

/** What the bad points do. `flaky` ends its thread once: the mark in the file says that it has. */
function misbehave(mood: Mood, marks: string): void {
  if (mood === 'throws') throw new Error('The strategy has thrown');
  if (mood === 'dies') process.exit(9);
  if (mood === 'hangs') for (;;) Math.sqrt(2);
  if (mood !== 'flaky') return;
  try {
    writeFileSync(marks, 'died', { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'EEXIST') return;
    throw error;
  }
  process.exit(9);
}

function typeOf(kind: string): StrategyType {
  if (kind === 'testing' || kind.startsWith('testing_')) return testingStrategy((mood) => misbehave(mood, path.join(os.tmpdir(), `${kind}.mark`)));
  throw new AppError('STRATEGY_NOT_FOUND', kind);
}

serveThread(typeOf);
