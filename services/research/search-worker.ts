/** Entry of a research thread: the strategies that come with the house. */
import { strategyType } from '#app/strategy/registry.ts';
import { serveThread } from './thread.ts';

serveThread(strategyType);
