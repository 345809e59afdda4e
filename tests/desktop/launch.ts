/** Starts the desktop application in what this machine has: a real Electron where one was downloaded, else the stand-in. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findElectron } from '../../scripts/lib/desktop.mjs';
import type { Desktop, LaunchOptions } from './driver.ts';
import { launchElectron } from './electron-driver.ts';
import { launchStandIn } from './stand-in-driver.ts';

const folders = new Set<string>();
const running = new Set<Desktop>();

/** A fresh home that other users can pass through; its name is one that breaks careless programs. */
export function freshHome(name = 'Häuser & Höfe'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ms-desk-'));
  folders.add(folder);
  // As root PostgreSQL runs as another user, who must be able to pass through.
  chmodSync(folder, 0o711);
  const home = path.join(folder, name);
  mkdirSync(home, { mode: 0o711 });
  return home;
}

/** Starts the application. */
export async function launch(options: LaunchOptions): Promise<Desktop> {
  const electron = findElectron(process.env, process.platform);
  const desktop = electron === null ? launchStandIn(options) : await launchElectron(electron, options);
  running.add(desktop);
  return desktop;
}

/** Ends what a failed test left running, and removes the homes. */
export async function cleanUp(): Promise<void> {
  for (const desktop of running) if (desktop.isRunning()) await desktop.kill();
  running.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}
