/** Loaded before a worker's own program: its wall clock is off by what a file says (milliseconds), read anew every few milliseconds. The monotonic clock stays true. */
import { existsSync, readFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const RealDate = Date;
let offset = 0;

/** Before the first jump there is no file; later ones take the place of the last in one step. */
function look() {
  const value = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (Number.isFinite(value)) offset = value;
}

look();
setInterval(look, 20).unref();

globalThis.Date = class extends RealDate {
  /** @param {ConstructorParameters<typeof Date>} args */
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + offset] : args));
  }

  static now() {
    return RealDate.now() + offset;
  }
};
