/** Pictures of the window for people to look at: both sizes, both themes. They go to out/, the chosen ones to docs/screenshots/. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openBrowser } from '../browser/harness.ts';
import type { Desk } from './desk.ts';
import { ROOT } from './driver.ts';
import type { MenuNode, Snapshot } from './probe-types.ts';

const FOLDER = path.join(ROOT, 'out', 'desktop-screenshots');
/** `MAINSPRING_SHOTS=all` takes every picture in both sizes and themes; a plain run of the tests takes one. */
const isAll = process.env['MAINSPRING_SHOTS'] === 'all';
const SIZES = [{ width: 1440, height: 900 }, ...(isAll ? [{ width: 1024, height: 700 }] : [])];
const THEMES: readonly ('light' | 'dark')[] = isAll ? ['light', 'dark'] : ['light'];
/** Two frames and what is animated in them. */
const SETTLE_MS = 250;

/** Takes the window in both sizes and themes: `NAME-THEME-WIDTH.png`. */
export async function shoot({ desktop, page }: Desk, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const [window] = (await desktop.look()).windows;
  for (const size of SIZES) {
    await desktop.probe('setBounds', { bounds: size });
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.waitForFunction(([width, wait]) => innerWidth === width && new Promise((resolve) => setTimeout(() => resolve(true), wait)), [size.width, SETTLE_MS] as const);
      await page.screenshot({ path: path.join(FOLDER, `${name}-${theme}-${size.width}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (window) await desktop.probe('setBounds', { bounds: window.bounds });
}

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function line(node: MenuNode): string {
  if (node.type === 'separator') return '<hr>';
  return `<li class="${node.enabled ? '' : 'off'}"><span>${escapeText(node.label)}</span><span class="key">${escapeText(node.accelerator ?? '')}</span></li>`;
}

/** Draws the tray's menu from its template, with symbol and tooltip, as Windows would show them: `NAME-THEME.png`. */
export async function drawTray(tray: NonNullable<Snapshot['tray']>, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await using browser = await openBrowser();
  for (const theme of THEMES) {
    const [paper, ink, faint, edge] = theme === 'light' ? ['#f9f9f9', '#1a1a1a', '#8a8a8a', '#d5d5d5'] : ['#2c2c2c', '#ffffff', '#9d9d9d', '#454545'];
    await using opened = await browser.newPage({ theme, width: 340, height: 480 });
    const picture = tray.image === null ? '' : `<img src="data:image/png;base64,${readFileSync(tray.image).toString('base64')}" width="20" height="20" alt="">`;
    await opened.page.setContent(`<!doctype html><style>
      body { margin: 0; padding: 18px; background: ${theme === 'light' ? '#cfd8e3' : '#10151c'}; font: 13px/1.5 'Segoe UI', system-ui, sans-serif; color: ${ink}; }
      ul { list-style: none; margin: 0 0 14px; padding: 5px; width: 270px; background: ${paper}; border: 1px solid ${edge}; border-radius: 8px; box-shadow: 0 6px 18px #0004; }
      li { display: flex; justify-content: space-between; gap: 16px; padding: 5px 12px; border-radius: 4px; } .off { color: ${faint}; } .key { color: ${faint}; } hr { border: 0; border-top: 1px solid ${edge}; margin: 5px 0; }
      .tip { display: inline-block; background: ${paper}; border: 1px solid ${edge}; border-radius: 4px; padding: 6px 9px; white-space: pre-line; vertical-align: bottom; } .bar { display: inline-block; padding: 8px; margin-left: 10px; background: ${theme === 'light' ? '#eef2f7' : '#1c232d'}; border-radius: 6px; }
    </style><ul>${tray.menu.map(line).join('')}</ul><div class="tip">${escapeText(tray.tooltip)}</div><div class="bar">${picture}</div>`);
    writeFileSync(path.join(FOLDER, `${name}-${theme}.png`), await opened.page.screenshot());
  }
}
