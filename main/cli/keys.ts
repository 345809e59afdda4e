/** `mainspring keys`: puts broker keys into the vault of the home, takes them out, and tests them. No verb shows a key. */
import path from 'node:path';
import { connectionVerdict, FEED_WORDS, testedClockWords, verdictWords } from '#app/contracts/connection-test.ts';
import type { ConnectionTest, ConnectionVerdict } from '#app/contracts/connection-test.ts';
import { EXIT } from '#app/contracts/control.ts';
import { BrokerAccountSchema } from '#app/contracts/broker-keys.ts';
import type { BrokerAccount, BrokerKeys, KeyStatus } from '#app/contracts/broker-keys.ts';
import { AppError } from '#app/domain/errors.ts';
import { openAccounts } from '../broker/accounts.ts';
import type { Accounts } from '../broker/accounts.ts';
import { forgetBrokerKeys, readBrokerKeys, storeBrokerKeys } from '../broker-keys.ts';
import { openAudit } from '../store/audit.ts';
import type { Home } from '../store/data-folder.ts';
import { marketOfSettings } from '../store/read-settings.ts';
import { plainSealer } from '../store/secrets.ts';
import { refuse } from './arguments.ts';
import { duration, table } from './format.ts';
import { ask } from './prompt.ts';

function statusText(keys: BrokerKeys, file: string): string {
  const words = ({ isSet, ending, savedAt }: KeyStatus): string => (isSet ? `kept, ends in ${ending ?? ''}${savedAt === null ? '' : `, since ${new Date(savedAt).toISOString()}`}` : 'none');
  return `${table([['paper', words(keys.paper)], ['live', words(keys.live)]])}\n\nIn ${file}, which only you can read.`;
}

function accountOf(word: string | undefined): BrokerAccount {
  const account = BrokerAccountSchema.safeParse(word);
  return account.success ? account.data : refuse('Say whose keys: paper or live.');
}

async function set(home: Home, account: BrokerAccount): Promise<BrokerKeys> {
  // Fails before anything is typed when the vault cannot be opened.
  await readBrokerKeys(home, plainSealer);
  const [keyId = '', secretKey = ''] = await ask([
    { text: `Key id of the ${account} account (not shown): `, isHidden: true },
    { text: 'Secret key (not shown): ', isHidden: true },
  ]);
  return storeBrokerKeys(home, plainSealer, account, { keyId, secretKey });
}

/** What became of a test, as the code of the command: sysexits' "permission denied" and "service unavailable" among them. */
const TEST_EXITS: Readonly<Record<ConnectionVerdict, number>> = { connected: EXIT.ok, closed: 1, unanswered: 69, refused: 77, not_asked: EXIT.config };

/** A test for people. */
export function testText(test: ConnectionTest): string {
  const { tested, clock, feed } = test;
  const source = { typed: 'typed keys', stored: 'stored keys', settings: 'keys in the settings' }[test.keysFrom];
  const rows: (readonly string[])[] = [
    ...(test.host === null ? [] : [['asked', `${test.host}${test.isStandIn ? ' (a simulator on this computer)' : ''} with the ${source} ending in ${test.keyEnding ?? ''}`]]),
    ...(tested === null ? [] : [
      ['account', `ends in ${tested.numberEnding}, ${tested.status}`],
      ['equity', `${tested.equity} ${tested.currency}`],
      ['buying power', `${tested.buyingPower} ${tested.currency}`],
    ]),
    ...(clock === null ? [] : [['round trip', `${clock.roundTripMs} ms`], ['market', clock.isMarketOpen ? 'open' : 'closed'], ["this computer's clock", testedClockWords(clock, test.isStandIn)]]),
    ...(feed === null ? [] : [['market data', FEED_WORDS[feed]]]),
  ];
  return [`${verdictWords(test)} (${duration(test.tookMs)})`, ...(rows.length === 0 ? [] : [table(rows)]), ...test.findings.map(({ problem, remedy }) => `! ${problem}.\n  ${remedy}.`)].join('\n');
}

/** Accounts with keys of their own: stored, or decided by the settings. */
async function testable(home: Home, accounts: Accounts): Promise<BrokerAccount[]> {
  const keys = await accounts.keys();
  const decided = marketOfSettings(home.envFile, process.env);
  return BrokerAccountSchema.options.filter((account) => keys[account].isSet || decided === account);
}

/** Tests one account, or all that have keys; the first that is not well decides the exit code. */
async function runTest(home: Home, word: string | undefined, isJson: boolean): Promise<number> {
  const accounts = openAccounts({ home, sealer: plainSealer, env: process.env, withVault: (task) => task(), monotonic: () => performance.now() });
  const chosen = word === undefined ? await testable(home, accounts) : [accountOf(word)];
  if (chosen.length === 0) throw new AppError('CONFIG_INVALID', 'There are no keys to test. Store some with "mainspring keys set paper".');
  const tests: ConnectionTest[] = [];
  for (const account of chosen) tests.push(await accounts.test(account, null));
  process.stdout.write(isJson ? `${JSON.stringify(tests)}\n` : `${tests.map(testText).join('\n\n')}\n`);
  return tests.map((one) => TEST_EXITS[connectionVerdict(one)]).find((code) => code !== EXIT.ok) ?? EXIT.ok;
}

/** `keys`, `keys set paper|live`, `keys remove paper|live`, `keys test [paper|live]`. @throws AppError INPUT_INVALID, CONFIG_UNREADABLE. */
export async function runKeys(words: readonly string[], home: Home, isJson: boolean): Promise<number> {
  const [act, account, ...rest] = words;
  if (rest.length > 0) refuse('There are too many words. Keys are asked for; they are never written on the command line, where others can see them.');
  if (act === 'test') return runTest(home, account, isJson);
  const record = (text: string): void => openAudit(path.join(home.homeDir, 'logs'), (failure) => void process.stderr.write(`${failure}\n`)).record({ level: 'info', text: `${text} on the command line` });
  let keys: BrokerKeys;
  let done = '';
  if (act === undefined) keys = await readBrokerKeys(home, plainSealer);
  else if (act === 'set') {
    const whose = accountOf(account);
    keys = await set(home, whose);
    record(`Keys for the ${whose} account were stored`);
    done = `They count from the next start in the ${whose} market ("mainspring mode ${whose}" chooses it). "mainspring keys test ${whose}" asks Alpaca whether they are good.`;
  } else if (act === 'remove') {
    const whose = accountOf(account);
    keys = await forgetBrokerKeys(home, plainSealer, whose);
    record(`The keys of the ${whose} account were removed`);
    done = 'What runs keeps them until it is stopped.';
  } else return refuse(`"${act}" is not known: keys, keys set paper|live, keys remove paper|live, keys test [paper|live].`);
  process.stdout.write(isJson ? `${JSON.stringify(keys)}\n` : `${[statusText(keys, home.keysFile), done].filter((text) => text !== '').join('\n')}\n`);
  return 0;
}
