/** Entry of a research thread for the sweep. */
import { strategyType } from '#app/strategy/registry.ts';
import { serveThread } from '../../services/research/thread.ts';
import { bareOnThread, goldenCross } from './sweep-strategy.ts';

serveThread((kind) => [goldenCross, bareOnThread].find((own) => own.kind === kind) ?? strategyType(kind));
