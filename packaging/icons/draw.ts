/** Draws every icon file: SVG to pixels with resvg (WebAssembly: the same bytes on every machine). */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { applicationIcon, installerSidebar, TRAY_STATES, trayIcon } from './mark.ts';
import { writeBmp } from './bmp.ts';
import type { Pixels } from './bmp.ts';
import { writeIco } from './ico.ts';
import type { Picture } from './ico.ts';

const APPLICATION_SIZES = [16, 20, 24, 32, 40, 48, 64, 128, 256];
const TRAY_SIZES = [16, 20, 24, 32, 40, 48];
/** Widths of the pictures beside the `.ico`. */
const PNG_SIZES = [16, 24, 32, 48, 64, 128, 256];

const SIDEBAR_WIDTH = 164;

/** resvg gives colours multiplied by their opacity; icons and PNG want them straight. */
function straighten(premultiplied: Uint8Array): Uint8Array {
  const straight = new Uint8Array(premultiplied.length);
  for (let at = 0; at < premultiplied.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = premultiplied.subarray(at, at + 4);
    const scale = (channel: number): number => (alpha === 0 ? 0 : Math.min(255, Math.round((channel * 255) / alpha)));
    straight.set([scale(red), scale(green), scale(blue), alpha], at);
  }
  return straight;
}

function draw(svg: string, width: number): Pixels & { readonly png: Uint8Array } {
  const renderer = new Resvg(svg, { fitTo: { mode: 'width', value: width }, font: { loadSystemFonts: false } });
  const image = renderer.render();
  const picture = { width: image.width, height: image.height, png: image.asPng(), rgba: straighten(image.pixels) };
  image.free();
  renderer.free();
  return picture;
}

const drawIcon = (svg: string, size: number): Picture => ({ ...draw(svg, size), size });

let isReady: Promise<void> | undefined;

/** @returns every file of `assets/`: its path below it, with forward slashes -> its bytes */
export async function drawIcons(): Promise<ReadonlyMap<string, Uint8Array>> {
  isReady ??= initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
  await isReady;
  const files = new Map<string, Uint8Array>();
  const application = new Map(APPLICATION_SIZES.map((size) => [size, drawIcon(applicationIcon(size), size)]));
  files.set('icon.ico', writeIco([...application.values()]));
  for (const size of PNG_SIZES) {
    const picture = application.get(size);
    if (picture !== undefined) files.set(`icon-${size}.png`, picture.png);
  }
  // electron-builder looks for this name.
  files.set('installerSidebar.bmp', writeBmp(draw(installerSidebar(), SIDEBAR_WIDTH)));
  for (const state of TRAY_STATES) {
    const pictures = TRAY_SIZES.map((size) => drawIcon(trayIcon(state), size));
    files.set(`tray/${state}.ico`, writeIco(pictures));
    for (const [name, size] of [[`tray/${state}.png`, 16], [`tray/${state}@2x.png`, 32]] as const) {
      const picture = pictures.find((candidate) => candidate.size === size);
      if (picture !== undefined) files.set(name, picture.png);
    }
  }
  return files;
}
