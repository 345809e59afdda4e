/** Nothing that outlives a bar can be written to: what a strategy remembers is in its state, where it can be taken back. Sent into the sandbox as text, so it stands on nothing outside of this file. */

/** Freezes everything that can be reached from `roots`, accessors and prototypes too, without calling any of it. @throws TypeError for numbers in memory that cannot be frozen */
export function guestFreeze(roots: readonly unknown[]): void {
  const seen = new Set<unknown>();
  const waiting = [...roots];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null || seen.has(one)) continue;
    seen.add(one);
    if (ArrayBuffer.isView(one)) throw new TypeError('A typed array outside of `state` can change: use a list');
    Object.freeze(one);
    waiting.push(Object.getPrototypeOf(one));
    for (const key of Reflect.ownKeys(one)) {
      const part = Reflect.getOwnPropertyDescriptor(one, key);
      waiting.push(part?.value, part?.get, part?.set);
    }
  }
}

/**
 * Takes away what depends on more than the bars (clock, chance, the garbage collector) and what makes code of text, and freezes the language itself, also what has no name in it: a changed iterator
 * would see the columns pass by while a run is opened.
 */
export function guestLock(freeze: typeof guestFreeze): void {
  for (const name of ['Date', 'WeakRef', 'FinalizationRegistry', 'Atomics', 'SharedArrayBuffer', 'eval', 'performance', 'navigator', 'queueMicrotask']) Reflect.deleteProperty(globalThis, name);
  Reflect.deleteProperty(Math, 'random');
  const refuse = function Function(): never {
    throw new TypeError('A strategy cannot make code of text');
  };
  const kinds: readonly object[] = [function plain() {}, async function later() {}, function* some() {}, async function* laterSome() {}].map((made) => Object.getPrototypeOf(made) as object);
  for (const kind of kinds) Object.defineProperty(kind, 'constructor', { value: refuse, writable: false, configurable: false });
  refuse.prototype = Object.getPrototypeOf(refuse) as object;
  Object.defineProperty(globalThis, 'Function', { value: refuse });
  // Where a prototype is frozen, its heirs could not be given a name of their own: an error that says who it is, a value with its own text.
  const own = (home: object, key: string): void => {
    const value: unknown = Reflect.get(home, key);
    const set = function set(this: object, given: unknown): void {
      if (this === home) throw new TypeError(`${key} cannot be changed here`);
      Object.defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
    };
    Object.defineProperty(home, key, { get: () => value, set, enumerable: false, configurable: false });
  };
  for (const kind of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) for (const key of ['name', 'message']) own(kind.prototype as object, key);
  for (const key of ['toString', 'valueOf']) own(Object.prototype, key);
  const list = [0];
  const nameless: readonly unknown[] = [
    list[Symbol.iterator](), new Map()[Symbol.iterator](), new Set()[Symbol.iterator](), ''[Symbol.iterator](), 'a'.matchAll(/a/g), (function* some() {})(), (async function* some() {})(), Object.getPrototypeOf(Int8Array),
    ...kinds, async function later() {}, function* some() {}, async function* laterSome() {},
  ].map((made): unknown => (typeof made === 'function' ? made : Object.getPrototypeOf(made)));
  freeze([globalThis, ...nameless]);
}
