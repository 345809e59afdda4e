/** Entry of a research thread for the sweep. */
import { hundredShares } from '#app/backtest/run/testing-cross.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { serveThread } from '../../services/research/thread.ts';
import { bareOnThread } from './sweep-strategy.ts';

serveThread((kind) => [hundredShares, bareOnThread].find((own) => own.kind === kind) ?? strategyType(kind));
