/** Runs a fake stack as a process of its own, for tests that kill it. Arguments: data folder, settings as JSON. */
import { bootFake, untilHealthy } from './fake-stack.ts';

const [, , dataDir = '', settings = '{}'] = process.argv;
const fake = await bootFake({ dataDir, env: JSON.parse(settings) as Record<string, string> });
await untilHealthy(fake);
process.stdout.write(`${JSON.stringify(fake.stack.health())}\n`);
