/** The keyboard of the analysis page. */
import { useEffect } from 'react';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { isTyping, usePageKeys } from '../../frame/shortcuts.ts';
import { TOOLS } from './drawing-shapes.ts';
import { changeLook, lookNow } from './look.ts';
import { stepReplay } from './replay-bar.tsx';
import { changeReplay, endReplay, replayNow } from './replay.ts';
import { chooseBar, selected } from './selection.ts';
import { hoverNow, setHover } from './stage.ts';
import { commandView } from './use-chart-view.ts';
import type { ViewCommand } from './use-chart-view.ts';
import { handNow, setHand } from './use-drawings.ts';
import type { DrawingTable } from './use-drawings.ts';

const COMMANDS: Readonly<Record<string, ViewCommand>> = { '+': 'in', '=': 'in', '-': 'out', Home: 'oldest', End: 'newest', ArrowLeft: 'left', ArrowRight: 'right' };

/** Takes one step back: the tool, the picked drawing, the chosen bar, the replay, in this order. */
function letGo(): boolean {
  if (handNow().tool !== null || handNow().selected !== null) setHand({ tool: null, selected: null });
  else if (selected().chosen !== null) chooseBar(null);
  else if (hoverNow()?.px === null) setHover(null);
  else if (replayNow() !== null) endReplay();
  else return false;
  return true;
}

type Given = { readonly table: DrawingTable; readonly all: BarColumns | null; search(): void; indicators(): void };

/** Listens while the page is shown. Arrows move the cross, Enter opens the bar's story. */
export function useChartKeys({ table, all, search, indicators }: Given): void {
  usePageKeys((event) => {
    const command = COMMANDS[event.key];
    const tool = TOOLS.find((one) => one.key.toLowerCase() === event.key.toLowerCase());
    const replay = replayNow();
    if (event.target instanceof HTMLElement && event.target.closest('[role="dialog"], [role="menu"], [role="listbox"], [role="tablist"], [role="separator"]')) return false;
    if (replay !== null && all !== null && event.key === ' ' && !(event.target instanceof HTMLButtonElement)) changeReplay({ isPlaying: !replay.isPlaying });
    else if (replay !== null && all !== null && event.shiftKey && event.key === 'ArrowRight') stepReplay(all, 1);
    else if (replay !== null && all !== null && event.shiftKey && event.key === 'ArrowLeft') stepReplay(all, -1);
    else if (command !== undefined) commandView(command);
    else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) {
      const index = hoverNow()?.index;
      const time = index === undefined ? undefined : selected().bars?.time[index];
      if (time === undefined) return false;
      chooseBar(time);
    } else if (event.key === 'Escape') return letGo();
    else if ((event.key === 'Delete' || event.key === 'Backspace') && handNow().selected !== null) table.erase(handNow().selected ?? '');
    else if (tool !== undefined) setHand({ tool: handNow().tool === tool.kind ? null : tool.kind, selected: null });
    else if (event.key === 'l') changeLook({ isLog: !lookNow().isLog });
    else if (event.key === 'i') indicators();
    else if (event.key === '/') search();
    else return false;
    return true;
  });
  const { undo, redo } = table;
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || isTyping(event.target) || event.key.toLowerCase() !== 'z') return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    addEventListener('keydown', down);
    return () => removeEventListener('keydown', down);
  }, [undo, redo]);
}
