/** The colours of pages that stand alone: the dashboard's tokens as CSS variables, by the scheme of the reader's system; light on paper. */

const LIGHT = `--ground:#fbfbfc;--surface:#fff;--line:#e6e8ec;--strong:#cfd3da;--text:#14171c;--muted:#5d6673;--up:#15803d;--down:#c2342f;--accent:#2563eb;--warn:#b45309;--hover:#f3f4f7`;
const DARK = `--ground:#0e1116;--surface:#151a21;--line:#242b35;--strong:#37414e;--text:#e7eaf0;--muted:#8b95a5;--up:#34c77b;--down:#ff6b62;--accent:#5b9bff;--warn:#f5a524;--hover:#1d242e`;

/** The opening of a page's style. */
export const PAGE_TOKENS = `:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}`;
