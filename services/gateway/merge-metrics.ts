/** Joins the Prometheus texts of several parts into one valid text: one HELP and TYPE per family. Pure. */

type Family = { readonly head: string[]; readonly samples: string[] };

/** Merges expositions; the first part's HELP and TYPE win, samples keep their order. */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const text of texts) {
    let family: Family | null = null;
    let isNew = false;
    for (const line of text.split('\n')) {
      const head = /^# (HELP|TYPE) (\S+)/.exec(line);
      if (head) {
        const name = head[2] ?? '';
        const known = families.get(name);
        if (!known) {
          family = { head: [line], samples: [] };
          families.set(name, family);
          isNew = true;
        } else {
          if (known !== family) isNew = false;
          family = known;
          if (isNew) family.head.push(line);
        }
      } else if (line !== '' && !line.startsWith('#')) {
        family?.samples.push(line);
      }
    }
  }
  return [...families.values()].flatMap((family) => [...family.head, ...family.samples]).join('\n') + '\n';
}
