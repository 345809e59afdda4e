/** Events with declared names and arguments; what listeners may prevent. */
import { EventEmitter } from 'node:events';

/** The first argument of Electron's events. */
export type PreventableEvent = { preventDefault(): void; readonly defaultPrevented: boolean };

/** An event that listeners may prevent, with further properties. */
export function preventable<T extends object>(properties: T): T & PreventableEvent {
  let isPrevented = false;
  return Object.defineProperties({ ...properties, preventDefault: () => void (isPrevented = true) }, { defaultPrevented: { get: () => isPrevented, enumerable: true } }) as T & PreventableEvent;
}

/** An emitter whose own emissions are checked against `Events`; listeners are checked against Electron's types, where they are written. */
export class Emitter<Events extends Record<keyof Events, readonly unknown[]>> extends EventEmitter {
  /** Emits one of the declared events. */
  tell<Name extends keyof Events & string>(name: Name, ...args: Events[Name]): boolean {
    return this.emit(name, ...args);
  }

  /** Emits one that can be prevented; true when nobody did. */
  ask<Name extends keyof Events & string>(name: Name, ...args: Events[Name] & readonly [PreventableEvent, ...unknown[]]): boolean {
    this.emit(name, ...args);
    return !args[0].defaultPrevented;
  }
}
