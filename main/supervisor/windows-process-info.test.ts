/** What the programs of Windows print, recorded in several languages: only numbers and identifiers are read. */
import { describe, expect, it } from 'vitest';
import { assertNotElevated, hasHighIntegrity, isElevated, listeningPorts, parseIdentities, parseListeningPorts } from './windows-process-info.ts';

const ADMIN_GROUP = '"BUILTIN\\Administrators","Alias","S-1-5-32-544",';
const GROUPS: readonly (readonly [string, boolean, string])[] = [
  ['English, normal', false, `"Everyone","Well-known group","S-1-1-0","Mandatory group, Enabled by default, Enabled group"\n${ADMIN_GROUP}"Group used for deny only"\n"Mandatory Label\\Medium Mandatory Level","Label","S-1-16-8192",""`],
  ['English, as administrator', true, `${ADMIN_GROUP}"Mandatory group, Enabled by default, Enabled group, Group owner"\n"Mandatory Label\\High Mandatory Level","Label","S-1-16-12288",""`],
  ['German, normal', false, '"Jeder","Bekannte Gruppe","S-1-1-0","Verbindliche Gruppe, Standardm\u0084\u00e1ig aktiviert"\n"VORDEFINIERT\\Administratoren","Alias","S-1-5-32-544","Gruppe, die nur zum Verweigern verwendet wird"\n"Verbindliche Beschriftung\\Mittlere Verbindlichkeitsstufe","Bezeichnung","S-1-16-8192",""'],
  ['German, as administrator', true, '"VORDEFINIERT\\Administratoren","Alias","S-1-5-32-544","Verbindliche Gruppe, Gruppenbesitzer"\n"Verbindliche Beschriftung\\Hohe Verbindlichkeitsstufe","Bezeichnung","S-1-16-12288",""'],
  ['French, a table, as administrator', true, 'Étiquette obligatoire\\Niveau obligatoire élevé   Nom   S-1-16-12288'],
  ['Japanese, unreadable, normal', false, '"Mandatory Label\\\x92\x86 Mandatory Level","\x83\x89\x83x\x83\x8b","S-1-16-8192",""'],
  ['a service of the system', true, '"","","S-1-16-16384",""'],
  ['medium plus', false, '"","","S-1-16-8448",""'],
  ['nothing at all', false, ''],
];

describe('an elevated start', () => {
  it.each(GROUPS)('is read from identifiers alone: %s -> %s', (_which, isHigh, groups) => {
    expect(hasHighIntegrity(groups)).toBe(isHigh);
  });

  it('is refused with words, and only there', async () => {
    await expect(assertNotElevated(() => Promise.resolve(true))).rejects.toMatchObject({ code: 'START_ELEVATED', family: 'operator', message: expect.stringContaining('not with "Run as administrator"') as string });
    await expect(assertNotElevated(() => Promise.resolve(false))).resolves.toBeUndefined();
  });

  it('is no matter on other systems, not even for root', async () => {
    expect(await isElevated('linux')).toBe(false);
  });
});

describe('the identity of processes', () => {
  it('is read line by line; another user\'s has no start that could match', () => {
    const found = parseIdentities('4711|2026-03-04T10:00:00.1234567Z|postgres\r\n815||lsass\r\nGet-Process : etwas ging schief\r\n');
    expect(found.get(4_711)).toEqual({ pid: 4_711, startMark: '2026-03-04T10:00:00.1234567Z', image: 'postgres', startedAt: Date.UTC(2026, 2, 4, 10, 0, 0, 123) });
    expect(found.get(815)).toMatchObject({ startMark: '', image: 'lsass', startedAt: Number.NaN });
    expect(found.size).toBe(2);
  });
});

describe('ports that somebody listens on', () => {
  const NETSTAT = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status
  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN
  TCP    0.0.0.0:5432           0.0.0.0:0              ABHÖREN
  TCP    127.0.0.1:6379         0.0.0.0:0              ABHÖREN
  TCP    192.168.0.7:50212      140.82.112.25:443      HERGESTELLT
  TCP    [::]:8000              [::]:0                 ABHÖREN
  TCP    [::1]:49670            [::1]:49671            HERGESTELLT
  UDP    0.0.0.0:5353           *:*
`;
  it('are read in any language; connections and other protocols are none', () => {
    expect([...parseListeningPorts(NETSTAT)].sort((a, b) => a - b)).toEqual([135, 5_432, 6_379, 8_000]);
  });

  it('are asked for on Windows alone', async () => {
    expect((await listeningPorts('linux')).size).toBe(0);
  });
});
