/** What the shell makes of the gateway's pushes: trading in three figures, fills and alerts. */
import type { LiveBody } from '#app/contracts/live.ts';
import type { TradingBrief } from '#app/contracts/shell.ts';
import type { AccountView, FillView, NoticeView } from '#app/contracts/views.ts';
import { keepLiveSocket } from './live-socket.ts';
import type { LiveSocket, SocketPorts } from './live-socket.ts';

/** What the feed is made of. */
export type FeedPorts = Pick<SocketPorts, 'access' | 'log'> & {
  /** Is there a stack at all? Without one the figures of the last one mean nothing; with one they are told with their age. */
  readonly hasStack: () => boolean;
  readonly onFills: (fills: readonly FillView[]) => void;
  readonly onNotices: (notices: readonly NoticeView[]) => void;
  /** The figures are others, or the same and confirmed. */
  readonly onBrief: () => void;
  readonly now: () => number;
};

/** The open feed. */
export type GatewayFeed = {
  /** Something about the stack changed: connect if there is a gateway now, forget the figures if there is no stack. */
  follow(): void;
  /** The last figures that were heard; their `at` says when. Null before the first word of this run. */
  brief(): TradingBrief | null;
  close(): void;
};

/** Follows the gateway of whatever stack runs. */
export function openGatewayFeed(ports: FeedPorts): GatewayFeed {
  let account: AccountView | null = null;
  let trading: Pick<TradingBrief, 'state' | 'at'> | null = null;
  const take = (push: LiveBody): void => {
    switch (push.type) {
      case 'status':
        // The pulse confirms the account too: what moved in it was pushed before.
        trading = { state: push.status.trading.state, at: ports.now() };
        ports.onBrief();
        return;
      case 'account':
        ({ account } = push);
        ports.onBrief();
        return;
      case 'fills':
        ports.onFills(push.fills);
        return;
      case 'notices':
        ports.onNotices(push.notices);
        return;
      case 'resync':
        socket.renew();
        return;
      default:
    }
  };
  const socket: LiveSocket = keepLiveSocket({ access: ports.access, log: ports.log, onPush: take });
  return {
    follow() {
      if (!ports.hasStack()) {
        account = null;
        trading = null;
      }
      socket.follow();
    },
    brief() {
      if (trading === null || account === null) return null;
      const { equity, dayPnl, openOrders, positions } = account;
      return { ...trading, equity, dayPnl, openOrders, positions };
    },
    close: () => socket.close(),
  };
}
