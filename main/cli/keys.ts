/** `mainspring keys`: puts broker keys into the vault of the home and takes them out. No verb shows a key. */
import path from 'node:path';
import { BrokerAccountSchema } from '#app/contracts/shell.ts';
import type { BrokerAccount, BrokerKeys, KeyStatus } from '#app/contracts/shell.ts';
import { forgetBrokerKeys, readBrokerKeys, storeBrokerKeys } from '../broker-keys.ts';
import { openAudit } from '../store/audit.ts';
import type { Home } from '../store/data-folder.ts';
import { plainSealer } from '../store/secrets.ts';
import { refuse } from './arguments.ts';
import { table } from './format.ts';
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

/** `keys`, `keys set paper|live`, `keys remove paper|live`. @throws AppError INPUT_INVALID, CONFIG_UNREADABLE. */
export async function runKeys(words: readonly string[], home: Home, isJson: boolean): Promise<number> {
  const [act, account, ...rest] = words;
  if (rest.length > 0) refuse('There are too many words. Keys are asked for; they are never written on the command line, where others can see them.');
  const record = (text: string): void => openAudit(path.join(home.homeDir, 'logs'), (failure) => void process.stderr.write(`${failure}\n`)).record({ level: 'info', text: `${text} on the command line` });
  let keys: BrokerKeys;
  let done = '';
  if (act === undefined) keys = await readBrokerKeys(home, plainSealer);
  else if (act === 'set') {
    const whose = accountOf(account);
    keys = await set(home, whose);
    record(`Keys for the ${whose} account were stored`);
    done = `They count from the next start in the ${whose} market ("mainspring mode ${whose}" chooses it).`;
  } else if (act === 'remove') {
    const whose = accountOf(account);
    keys = await forgetBrokerKeys(home, plainSealer, whose);
    record(`The keys of the ${whose} account were removed`);
    done = 'What runs keeps them until it is stopped.';
  } else return refuse(`"${act}" is not known: keys, keys set paper|live, keys remove paper|live.`);
  process.stdout.write(isJson ? `${JSON.stringify(keys)}\n` : `${[statusText(keys, home.keysFile), done].filter((text) => text !== '').join('\n')}\n`);
  return 0;
}
