/** What is drawn on the symbol, with a way back. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { Drawing, DrawingKind } from '#app/contracts/charts.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { useDrawings } from '../../data/queries.ts';
import { keepDrawing, useOutbox, withUnkept } from './drawing-outbox.ts';

/** A change that can be taken back: what was there, what is there now. */
type Change = { readonly id: string; readonly before: Drawing | null; readonly after: Drawing | null };
const UNDO_MAX = 100;

/** The tool in hand, and the drawing that is picked. */
export type DrawingHand = { readonly tool: DrawingKind | null; readonly selected: string | null };
const hand = createStore<DrawingHand>({ tool: null, selected: null });
/** Watches the hand. */
export function useHand(): DrawingHand {
  return useStore(hand);
}
/** The hand now, outside React. */
export function handNow(): DrawingHand {
  return hand.get();
}
/** Takes a tool (or lays it down), picks a drawing (or lets go of it). */
export function setHand(change: Partial<DrawingHand>): void {
  hand.update((now) => ({ ...now, ...change }));
}

/** A fresh id. */
export function newDrawingId(): string {
  return `drawing-${crypto.randomUUID()}`;
}

/** The drawings of a symbol, and what can be done with them. */
export type DrawingTable = { readonly drawings: readonly Drawing[]; readonly problem: string | null; put(drawing: Drawing): void; erase(drawingId: string): void; undo(): void; redo(): void; readonly canUndo: boolean };

/** Drawings of a symbol. What the book does not have yet stands on the screen, and it is said that it is not kept. */
export function useDrawingTable(symbol: string | null): DrawingTable {
  const client = useQueryClient();
  const query = useDrawings(symbol);
  const { unkept, problem } = useOutbox();
  const done = useRef<Change[]>([]);
  const undone = useRef<Change[]>([]);
  const [canUndo, setCanUndo] = useState(false);
  useEffect(() => {
    done.current = [];
    undone.current = [];
    setCanUndo(false);
    setHand({ selected: null });
  }, [symbol]);
  // The question keeps the last answer while it asks for the next symbol: that one's drawings are not this one's.
  const drawings = useMemo(() => withUnkept(query.data?.drawings ?? [], symbol, unkept), [query.data, symbol, unkept]);

  const write = useCallback(({ id, before, after }: Change): void => {
    const { symbol: own } = after ?? before ?? {};
    if (own !== undefined) keepDrawing(client, { id, symbol: own, after });
  }, [client]);
  const change = useCallback((next: Change): void => {
    done.current = [...done.current, next].slice(-UNDO_MAX);
    undone.current = [];
    setCanUndo(true);
    write(next);
  }, [write]);
  const latest = useRef(drawings);
  useEffect(() => {
    latest.current = drawings;
  }, [drawings]);
  const find = (id: string): Drawing | null => latest.current.find((one) => one.drawingId === id) ?? null;
  return {
    drawings, problem, canUndo,
    put: useCallback((drawing) => change({ id: drawing.drawingId, before: find(drawing.drawingId), after: drawing }), [change]),
    erase: useCallback((drawingId) => {
      const before = find(drawingId);
      if (before !== null) change({ id: drawingId, before, after: null });
      setHand({ selected: null });
    }, [change]),
    undo: useCallback(() => {
      const last = done.current.pop();
      setCanUndo(done.current.length > 0);
      if (last === undefined) return;
      undone.current.push(last);
      write({ id: last.id, before: last.after, after: last.before });
    }, [write]),
    redo: useCallback(() => {
      const last = undone.current.pop();
      if (last === undefined) return;
      done.current.push(last);
      setCanUndo(true);
      write(last);
    }, [write]),
  };
}
