/** Which places count as another computer's disk. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { assertLocalDisk, fileSystemOf, isWindowsShare, networkKind } from './network-drive.ts';

describe('network drives', () => {
  it.each([
    ['\\\\server\\share\\Mainspring', true],
    ['//server/share/Mainspring', true],
    ['\\\\?\\UNC\\server\\share', true],
    ['\\\\wsl.localhost\\Debian\\home', true],
    ['\\\\?\\C:\\Mainspring', false],
    ["C:\\Users\\Jörg Müller's PC\\AppData", false],
    ['D:\\', false],
  ])('Windows: %s -> %s', (path, expected) => expect(isWindowsShare(path)).toBe(expected));

  it.each([
    [0x6969, null, 'NFS'],
    [0xff534d42, null, 'SMB (CIFS)'],
    [0xff534d42 | 0, null, 'SMB (CIFS)'],
    [0xfe534d42, null, 'SMB'],
    [0x65735546, 'fuse.sshfs', 'sshfs'],
    [0x65735546, 'fuseblk', null],
    [0x65735546, null, null],
    [0xef53, null, null],
    [0x794c7630, null, null],
  ])('Linux: statfs %i, %s -> %s', (type, fileSystem, expected) => expect(networkKind(type, fileSystem)).toBe(expected));

  it('finds the mount that a folder really lies on', () => {
    const mounts = [
      '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
      '40 22 0:40 / /mnt/My\\040Cloud rw,nosuid - fuse.sshfs me@server:/ rw',
      '41 22 8:2 / /mnt/My\\040Clouds rw - ext4 /dev/sdb1 rw',
      '',
    ].join('\n');
    expect(fileSystemOf('/mnt/My Cloud/data', mounts)).toBe('fuse.sshfs');
    expect(fileSystemOf('/mnt/My Clouds/data', mounts)).toBe('ext4');
    expect(fileSystemOf('/home/me', mounts)).toBe('ext4');
    expect(fileSystemOf('/home/me', '')).toBeNull();
  });

  it('accepts a disk of this computer', () => {
    expect(() => assertLocalDisk(tmpdir(), tmpdir())).not.toThrow();
  });
});
