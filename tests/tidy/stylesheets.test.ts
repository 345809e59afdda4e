/** One page's stylesheet does not reach into another's: all of them are loaded together. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from './planted.ts';

const FOLDER = join(repository, 'renderer/styles');
/** Reduced motion and the like are everybody's matter. */
const EVERYWHERE = new Set(['base.css']);
/** A selector that is a class alone, whatever state, attribute or pseudo-element of it is meant; with `:has` it speaks of its own page. */
const BARE = /^\.([A-Za-z][\w-]*)(?:::?(?!has\b)[\w-]+(?:\([^()]*\))?|\[[^\]]*\])*$/;

/** Classes that are styled by themselves in more than one sheet, with the sheets. */
function sharedClasses(sheets: ReadonlyMap<string, string>): Map<string, string[]> {
  const owners = new Map<string, Set<string>>();
  for (const [name, css] of sheets) {
    for (const [, selectors = ''] of css.replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]+)\{/g)) {
      for (const selector of selectors.split(',')) {
        const found = BARE.exec(selector.trim())?.[1];
        if (found !== undefined) owners.set(found, (owners.get(found) ?? new Set()).add(name));
      }
    }
  }
  return new Map([...owners].filter(([, names]) => names.size > 1).map(([found, names]) => [found, [...names].sort()]));
}

describe('stylesheets', () => {
  it('style a class by itself in one place: another page writes a name of its own, or .page .name', () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.css') && !EVERYWHERE.has(name));
    expect(names.length).toBeGreaterThan(10);
    const shared = sharedClasses(new Map(names.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')])));
    expect(Object.fromEntries(shared)).toEqual({});
  });

  it('are read as browsers read them', () => {
    const planted = new Map([['a.css', '.check, .b { x: y } @media (max-width: 9px) { .note { x: y } }'], ['b.css', '/* .b {} */ .check:hover { x: y } .page .b, .b.c, .b > p, .check:has(> .mine) { x: y } .note { x: y }']]);
    expect(Object.fromEntries(sharedClasses(planted))).toEqual({ check: ['a.css', 'b.css'], note: ['a.css', 'b.css'] });
  });
});
