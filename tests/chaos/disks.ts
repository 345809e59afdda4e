/** Small disks of their own for experiments: an ext4 image behind a loop device, which root alone may mount; what was not flushed is not in its image. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MB = 1_048_576;

/** A mounted disk. `folder` is its root; `image` the file behind it. */
export type Disk = { readonly folder: string; readonly image: string; unmount(): void };

const mounted = new Set<Disk>();

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Why no disk can be mounted here; null when it can. */
export function noDisksBecause(): string | null {
  if (process.platform !== 'linux') return 'disks are mounted on Linux alone';
  if (process.getuid?.() !== 0) return 'only root may mount a disk';
  if (!existsSync('/dev/loop-control')) return 'this system has no loop devices';
  return null;
}

function mount(image: string, folder: string): Disk {
  // The file system writes its journal when it is asked to, not every five seconds: what nobody flushed is lost, as in a power cut.
  run('mount', ['-o', 'loop,commit=300', image, folder]);
  chmodSync(folder, 0o755);
  const disk: Disk = {
    folder, image,
    unmount() {
      if (!mounted.delete(disk)) return;
      run('umount', [folder]);
      rmSync(path.dirname(image), { recursive: true, force: true });
    },
  };
  mounted.add(disk);
  return disk;
}

function place(): { image: string; folder: string } {
  const home = mkdtempSync(path.join(tmpdir(), 'ms-disk-'));
  chmodSync(home, 0o755);
  return { image: path.join(home, 'image'), folder: mkdtempSync(path.join(home, 'm-')) };
}

/** A new disk. @throws when it cannot be made or mounted. */
export function makeDisk(megabytes: number): Disk {
  const { image, folder } = place();
  run('truncate', ['-s', String(megabytes * MB), image]);
  run('mkfs.ext4', ['-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  return mount(image, folder);
}

/** A second disk with what the first one's image holds at this moment: nothing that is still in memory. Whoever writes must be stopped dead. */
export function cloneAsPowerCut(disk: Disk): Disk {
  const { image, folder } = place();
  run('cp', ['--sparse=always', disk.image, image]);
  return mount(image, folder);
}

/** Lets all disks go that a failed experiment left mounted. */
export function unmountAll(): void {
  for (const disk of mounted) disk.unmount();
}
