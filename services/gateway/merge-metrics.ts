/** Joins the Prometheus texts of several parts into one valid text: one HELP and TYPE per family. Pure. */

/** The first part's lines about a family, and every part's samples of it. */
type Family = { readonly head: string[]; readonly headPart: number; readonly samples: string[] };

/** Merges expositions; the first part's HELP and TYPE win, samples keep their order. */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  texts.forEach((text, part) => {
    let family: Family | undefined;
    for (const line of text.split('\n')) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        family = families.get(name) ?? { head: [], headPart: part, samples: [] };
        families.set(name, family);
        if (family.headPart === part) family.head.push(line);
      } else if (line !== '' && !line.startsWith('#')) family?.samples.push(line);
    }
  });
  return `${[...families.values()].flatMap((family) => [...family.head, ...family.samples]).join('\n')}\n`;
}
