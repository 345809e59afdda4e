/** Is a folder on another computer's disk? PostgreSQL's promises (locks, flushes, renames) do not hold there. */
import { readFileSync, realpathSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#app/domain/errors.ts';

/** Linux: the numbers that statfs gives for file systems of other computers. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB (CIFS)'],
  [0xfe534d42, 'SMB'],
  [0x564c, 'NetWare'],
  [0x73757245, 'Coda'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
]);
const FUSE = 0x65735546;
/** Programs behind FUSE may be a local disk's driver; these are not. */
const NETWORK_FUSE = /^fuse\.(sshfs|rclone|s3fs|goofys|gcsfuse|glusterfs|gvfsd-fuse|davfs2?|curlftpfs|smbnetfs|moosefs|cephfs|google-drive-ocamlfuse|onedriver)$/;

/** What Windows says when a driver cannot tell a path's true name (some RAM disks): those are local. */
const NO_TRUE_NAME: ReadonlySet<string> = new Set(['EINVAL', 'EISDIR', 'ENOSYS', 'EPERM', 'EACCES', 'UNKNOWN']);

/** Does a Windows path lead to another computer? Its true name (drive letters and links resolved) is what counts. */
export function isWindowsShare(truePath: string): boolean {
  const plain = truePath.replaceAll('/', '\\');
  if (/^\\\\[?.]\\/.test(plain)) return /^\\\\[?.]\\UNC\\/i.test(plain);
  return plain.startsWith('\\\\');
}

/** The file system of a folder in the text of /proc/self/mountinfo, such as `ext4` or `fuse.sshfs`; null when it is not told. */
export function fileSystemOf(folder: string, mountInfo: string): string | null {
  let best: { length: number; type: string } | null = null;
  for (const line of mountInfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const place = (before.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const type = after.split(' ')[0] ?? '';
    const isAbove = place === '/' || folder === place || folder.startsWith(`${place}/`);
    // Of two mounts on one place the later one is seen.
    if (place !== '' && isAbove && place.length >= (best?.length ?? 0)) best = { length: place.length, type };
  }
  return best?.type ?? null;
}

/** What kind of network file system a statfs number and the mount stand for; null for a disk of this computer. */
export function networkKind(statfsType: number, fileSystem: string | null): string | null {
  const known = NETWORK_TYPES.get(statfsType >>> 0);
  if (known !== undefined) return known;
  return statfsType === FUSE && fileSystem !== null && NETWORK_FUSE.test(fileSystem) ? fileSystem.slice('fuse.'.length) : null;
}

function kindOnWindows(existing: string): string | null {
  if (isWindowsShare(existing)) return 'a network share';
  try {
    return isWindowsShare(realpathSync.native(existing)) ? 'a network drive' : null;
  } catch (error) {
    if (NO_TRUE_NAME.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function kindOnLinux(existing: string): string | null {
  const { type } = statfsSync(existing);
  return networkKind(type, type === FUSE ? fileSystemOf(realpathSync(existing), readFileSync('/proc/self/mountinfo', 'utf8')) : null);
}

/**
 * Refuses a data folder on a network drive. `existing` is the nearest part of the folder that exists already.
 * @throws AppError DATA_FOLDER_UNUSABLE (operator), with the remedy
 */
export function assertLocalDisk(dataDir: string, existing: string): void {
  let kind: string | null = null;
  if (process.platform === 'win32') kind = kindOnWindows(path.resolve(existing));
  else if (process.platform === 'linux') kind = kindOnLinux(existing);
  if (kind === null) return;
  throw new AppError(
    'DATA_FOLDER_UNUSABLE',
    `The data folder ${dataDir} is on another computer's disk (${kind}). A database there can lose orders when the connection breaks. Choose a folder on a disk of this computer with --data or MAINSPRING_HOME.`,
    { context: { dataDir, kind } },
  );
}
