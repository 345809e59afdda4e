/** The lines that a strategy writes, inside of the sandbox. Sent there as text (guest-text.ts), so it stands on nothing outside of this file. */

/** Lines of one bar that are kept; what comes beyond is counted. */
export const GUEST_LINES_A_BAR = 50;
/** Characters of a line. */
export const GUEST_LINE_CHARACTERS = 500;
/** Lines after which a guest that runs ahead stops for somebody to take them. */
export const GUEST_LINES = 500;

/** Lines of one run. `room`: how many more somebody wants to have; `inBar`: of the present bar; `lines`: as JSON, each `[time, level, text]`; `slate`: what is told that something was said; `time`: close of the bar, epoch ms. */
export type GuestPage = { lines: string[]; dropped: number; room: number; inBar: number; readonly slate: { hasSpoken: boolean } | null; time(): number | null };

/** A value as a line: texts as they are, errors by their message, the rest as JSON. Whatever throws on its way there is told as such. */
export function guestLine(value: unknown, most: number): string {
  try {
    if (typeof value === 'string') return value.slice(0, most);
    if (typeof value === 'object' && value !== null) {
      const { name, message } = value as { readonly name?: unknown; readonly message?: unknown };
      if (value instanceof Error) return `${String(name)}: ${String(message)}`.slice(0, most);
      return String(JSON.stringify(value)).slice(0, most);
    }
    return (typeof value === 'function' ? 'a function' : String(value)).slice(0, most);
  } catch {
    return '(a value that cannot be shown)';
  }
}

/** Where lines go. */
export class GuestJournal {
  /** Of what is written outside of any bar. */
  readonly #outside: GuestPage = { lines: [], dropped: 0, room: GUEST_LINES_A_BAR, inBar: 0, slate: null, time: () => null };
  #page: GuestPage = this.#outside;

  /** Lines go to this page from now on; null: they belong to no bar. */
  turn(page: GuestPage | null): void {
    this.#page = page ?? this.#outside;
  }

  write(value: unknown, level: unknown): void {
    const page = this.#page;
    if (page.inBar >= GUEST_LINES_A_BAR || page.lines.length >= page.room) {
      page.dropped += 1;
      return;
    }
    // Counted before the value is asked for its text, which may write lines of its own.
    page.inBar += 1;
    const text = guestLine(value, GUEST_LINE_CHARACTERS);
    page.lines.push(JSON.stringify([page.time(), level === 'warn' || level === 'error' ? level : 'info', text]));
    if (page.slate !== null) page.slate.hasSpoken = true;
  }

  /** What was written outside of bars, taken out of the page. */
  outside(): string {
    return this.take(this.#outside);
  }

  /** A page's lines, taken out of it: `{ lines, dropped }` as JSON. */
  take(page: GuestPage): string {
    const text = `{"dropped":${String(page.dropped)},"lines":[${page.lines.join(',')}]}`;
    this.clear(page);
    return text;
  }

  /** Forgets what stands on a page: it was taken back. */
  clear(page: GuestPage): void {
    page.lines = [];
    page.dropped = 0;
    page.inBar = 0;
  }
}
