/** The only way to the person's browser: a closed list of addresses. */
import type { Shell } from 'electron';
import type { SHELL_LINKS } from '#app/contracts/shell.ts';
import { AppError, describeError } from '#app/domain/errors.ts';

/** The name of an address that may be opened. */
export type ShellLink = (typeof SHELL_LINKS)[number];

/** Every address that can be opened; null = this build has none. */
export const LINK_ADDRESSES: Readonly<Record<ShellLink, `https://${string}` | null>> = {
  alpaca_paper_keys: 'https://app.alpaca.markets/paper/dashboard/overview',
  alpaca_live_keys: 'https://app.alpaca.markets/brokerage/dashboard/overview',
  project: null,
};

/** Opens one of the addresses. @throws AppError INPUT_INVALID for one that this build has not, ROUTE_NOT_FOUND when no browser took it */
export async function openLink(shell: Pick<Shell, 'openExternal'>, link: ShellLink): Promise<void> {
  const address = LINK_ADDRESSES[link];
  if (address === null) throw new AppError('INPUT_INVALID', 'This build of Mainspring names no project page.');
  try {
    await shell.openExternal(address);
  } catch (error) {
    throw new AppError('ROUTE_NOT_FOUND', `No browser opened ${address} (${describeError(error)}). Open it by hand.`, { cause: error });
  }
}
