/** `ipcMain`: questions of frames, with the frame that really asked. */
import type { Frame } from 'playwright-core';
import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { preventable } from './emitter.ts';
import type { StandInContents } from './web-contents.ts';

type Listener = Parameters<IpcMain['handle']>[1];

const listeners = new Map<string, Listener>();

/** Stands in for `ipcMain`. */
export const ipcMain = {
  handle(channel, listener) {
    if (listeners.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    listeners.set(channel, listener);
  },
  removeHandler: (channel) => void listeners.delete(channel),
} satisfies Pick<IpcMain, 'handle' | 'removeHandler'>;

/** The answer that the preload's `ipcRenderer.invoke` turns into a value or an error. */
export type FrameAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** Answers a frame of a page; `sender` is null for a page without a window. */
export async function answerFrame({ sender, frame }: { sender: StandInContents | null; frame: Frame }, channel: string, args: readonly unknown[]): Promise<FrameAnswer> {
  try {
    if (sender === null) throw new Error('A page without a window asked');
    const listener = listeners.get(channel);
    if (listener === undefined) throw new Error(`No handler registered for '${channel}'`);
    const event = preventable({ type: 'frame' as const, frameId: sender.id, processId: sender.id, sender, senderFrame: sender.frameOf(frame) }) as unknown as IpcMainInvokeEvent;
    const value: unknown = await (listener as (event: IpcMainInvokeEvent, ...args: readonly unknown[]) => unknown)(event, ...args);
    // What cannot be copied fails here, as in Electron.
    return { ok: true, value: structuredClone(value) };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}
