/** `npm run icons`: draws assets/ anew. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawIcons } from './draw.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'assets');
rmSync(folder, { recursive: true, force: true });
const icons = await drawIcons();
for (const [name, bytes] of icons) {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
process.stdout.write(`Drew ${icons.size} files in assets/\n`);
