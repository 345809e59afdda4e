/** Reads Windows programs and libraries (PE files): for which processor, which version, and which libraries they load. */

const X64 = 0x8664;
const PE32_PLUS = 0x20b;
/** Places in the table of data directories. */
const IMPORTS = 1;
const DELAYED_IMPORTS = 13;
const IMPORT_ENTRY_BYTES = 20;
const DELAYED_ENTRY_BYTES = 32;
const SECTION_BYTES = 40;
/** Start of the block with the version numbers, wherever the resources are. */
const FIXED_VERSION = Buffer.from([0xbd, 0x04, 0xef, 0xfe]);

/** @typedef {{ imports: string[], version: string | null }} PeFacts names of libraries as written in the file; version such as `14.40.33810.0` */

/**
 * @param {Buffer} file
 * @param {string} name for messages
 * @returns {PeFacts}
 * @throws {Error} when it is not a 64-bit Windows program or library
 */
export function readPe(file, name) {
  try {
    const header = file.readUInt32LE(0x3c);
    if (file.toString('latin1', header, header + 4) !== 'PE\0\0') throw new RangeError('no PE mark');
    const sectionCount = file.readUInt16LE(header + 6);
    const optional = header + 24;
    if (file.readUInt16LE(header + 4) !== X64 || file.readUInt16LE(optional) !== PE32_PLUS) throw new RangeError('not for 64-bit Windows');
    const sections = optional + file.readUInt16LE(header + 20);
    const directories = optional + 112;
    const offsetOf = offsetsIn(file, sections, sectionCount);
    const imports = [
      ...namesAt(file, offsetOf, file.readUInt32LE(directories + IMPORTS * 8), { entryBytes: IMPORT_ENTRY_BYTES, nameAt: 12 }),
      ...namesAt(file, offsetOf, file.readUInt32LE(directories + DELAYED_IMPORTS * 8), { entryBytes: DELAYED_ENTRY_BYTES, nameAt: 4 }),
    ];
    return { imports, version: versionOf(file) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error(`${name} is not a 64-bit Windows program or library (${error.message})`, { cause: error });
  }
}

/**
 * @param {Buffer} file
 * @param {number} sections
 * @param {number} count
 * @returns {(address: number) => number} from an address in memory to a place in the file
 */
function offsetsIn(file, sections, count) {
  return (address) => {
    for (let index = 0; index < count; index += 1) {
      const section = sections + index * SECTION_BYTES;
      const start = file.readUInt32LE(section + 12);
      if (address >= start && address < start + file.readUInt32LE(section + 16)) return address - start + file.readUInt32LE(section + 20);
    }
    throw new RangeError('an address leads out of the file');
  };
}

/**
 * @param {Buffer} file
 * @param {(address: number) => number} offsetOf
 * @param {number} table address of the import table, 0 when there is none
 * @param {{ entryBytes: number, nameAt: number }} shape
 * @returns {string[]}
 */
function namesAt(file, offsetOf, table, { entryBytes, nameAt }) {
  if (table === 0) return [];
  const names = [];
  for (let entry = offsetOf(table); ; entry += entryBytes) {
    const address = file.readUInt32LE(entry + nameAt);
    if (address === 0) return names;
    const start = offsetOf(address);
    names.push(file.toString('latin1', start, file.indexOf(0, start)));
  }
}

/** @param {Buffer} file */
function versionOf(file) {
  const at = file.indexOf(FIXED_VERSION);
  if (at < 0) return null;
  return [at + 10, at + 8, at + 14, at + 12].map((place) => file.readUInt16LE(place)).join('.');
}

/** What every Windows 10 or newer has itself. */
const OF_WINDOWS = new Set([
  'advapi32.dll', 'bcrypt.dll', 'crypt32.dll', 'dbghelp.dll', 'iphlpapi.dll', 'kernel32.dll', 'msvcrt.dll', 'ntdll.dll', 'ole32.dll', 'psapi.dll',
  'secur32.dll', 'shell32.dll', 'user32.dll', 'userenv.dll', 'wldap32.dll', 'ws2_32.dll', 'wsock32.dll',
]);

/** @param {string} library */
const isOfWindows = (library) => OF_WINDOWS.has(library.toLowerCase()) || /^api-ms-win-/i.test(library);

/**
 * Everything that the first programs load, and what those load, and so on.
 * @param {string[]} first file names
 * @param {ReadonlyMap<string, Buffer>} files by file name: what could be shipped
 * @returns {{ needed: string[], missing: string[] }} file names, sorted; `missing`: `library (needed by ...)` that is neither there nor part of Windows
 */
export function closureOf(first, files) {
  const byLowerName = new Map([...files.keys()].map((name) => [name.toLowerCase(), name]));
  const needed = new Set(first);
  const missing = new Map();
  for (const name of needed) {
    const content = files.get(name);
    if (content === undefined) throw new Error(`${name} is not in the package`);
    for (const library of readPe(content, name).imports) {
      const own = byLowerName.get(library.toLowerCase());
      if (own !== undefined) needed.add(own);
      else if (!isOfWindows(library) && !missing.has(library)) missing.set(library, `${library} (needed by ${name})`);
    }
  }
  return { needed: [...needed].sort(), missing: [...missing.values()].sort() };
}
