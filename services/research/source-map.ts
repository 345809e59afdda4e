/** Where a column of compiled code lies in the source that it was made of: lines stay what they are. */

const DIGITS = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((letter, value) => [letter, value]));

/** The numbers of one group of a source map: base-64 digits of five bits, the sixth says that more follow, the lowest is the sign. */
function numbersOf(group: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of group) {
    const digit = DIGITS.get(letter) ?? 0;
    value += (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

/** Where a column of the code lies in the source, by its source map. Line from 1, columns from 0. */
export function columnsBack(mappings: string): (line: number, column: number) => number {
  let original = 0;
  const lines = mappings.split(';').map((line) => {
    let compiled = 0;
    return line.split(',').filter(Boolean).map((group) => {
      const [ahead = 0, , , back = 0] = numbersOf(group);
      compiled += ahead;
      original += back;
      return [compiled, original] as const;
    });
  });
  return (line, column) => {
    const before = (lines[line - 1] ?? []).filter(([compiled]) => compiled <= column).at(-1);
    return before === undefined ? column : before[1] + column - before[0];
  };
}
