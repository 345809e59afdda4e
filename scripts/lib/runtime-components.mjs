/** Whose work the shipped Windows programs and libraries are, and under which licence. A file that is not in this list is not shipped. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inRoot } from './places.mjs';

/**
 * @typedef {{ name: string, licence: string, texts: string[], source: string, files: RegExp }} Component
 * `texts` are files of scripts/runtime-licences; `files` matches paths below the runtime folder
 */

/** @type {Component[]} */
export const COMPONENTS = [
  { name: 'PostgreSQL', licence: 'PostgreSQL', texts: ['postgresql.txt', 'snowball.txt'], source: 'https://www.postgresql.org/ftp/source/', files: /^postgres\/(?:share\/|bin\/(?:initdb|pg_ctl|postgres)\.exe$|bin\/libpq\.dll$|lib\/(?:plpgsql|dict_snowball|utf8_and_\w+)\.dll$)/ },
  { name: 'OpenSSL', licence: 'Apache-2.0', texts: ['openssl.txt', 'apache-2.0.txt'], source: 'https://openssl-library.org/source/', files: /^postgres\/bin\/lib(?:crypto|ssl)-3-x64\.dll$/ },
  { name: 'ICU', licence: 'Unicode-3.0', texts: ['icu.txt'], source: 'https://github.com/unicode-org/icu/releases', files: /^postgres\/bin\/icu(?:dt|in|uc)\d+\.dll$/ },
  { name: 'libxml2', licence: 'MIT', texts: ['libxml2.txt'], source: 'https://download.gnome.org/sources/libxml2/', files: /^postgres\/bin\/libxml2\.dll$/ },
  { name: 'LZ4', licence: 'BSD-2-Clause', texts: ['lz4.txt'], source: 'https://github.com/lz4/lz4/releases', files: /^postgres\/bin\/liblz4\.dll$/ },
  { name: 'Zstandard', licence: 'BSD-3-Clause', texts: ['zstd.txt'], source: 'https://github.com/facebook/zstd/releases', files: /^postgres\/bin\/libzstd\.dll$/ },
  { name: 'zlib', licence: 'Zlib', texts: ['zlib.txt'], source: 'https://zlib.net/', files: /^postgres\/bin\/zlib1\.dll$/ },
  { name: 'GNU libintl', licence: 'LGPL-2.1-or-later', texts: ['lgpl-2.1.txt'], source: 'https://ftp.gnu.org/gnu/gettext/', files: /^postgres\/bin\/libintl-\d+\.dll$/ },
  { name: 'GNU libiconv', licence: 'LGPL-2.1-or-later', texts: ['lgpl-2.1.txt'], source: 'https://ftp.gnu.org/gnu/libiconv/', files: /^postgres\/bin\/libiconv-\d+\.dll$/ },
  { name: 'winpthreads', licence: 'MIT AND BSD-3-Clause', texts: ['winpthreads.txt'], source: 'https://www.mingw-w64.org/', files: /^postgres\/bin\/libwinpthread-\d+\.dll$/ },
  { name: 'Microsoft Visual C++ runtime', licence: 'LicenseRef-Microsoft-Distributable-Code', texts: ['microsoft-runtime.txt'], source: 'https://learn.microsoft.com/cpp/windows/latest-supported-vc-redist', files: /^postgres\/bin\/(?:MSVCP140|VCRUNTIME140|VCRUNTIME140_1)\.dll$/ },
  { name: 'Redis', licence: 'BSD-3-Clause', texts: ['redis.txt', 'redis-parts.txt'], source: 'https://github.com/redis/redis/releases', files: /^redis\/redis-server\.exe$/ },
  { name: 'MSYS2 runtime (Cygwin)', licence: 'LGPL-3.0-or-later WITH Cygwin-exception', texts: ['cygwin.txt', 'newlib.txt', 'lgpl-3.0.txt', 'gpl-3.0.txt'], source: 'https://github.com/msys2/msys2-runtime', files: /^redis\/msys-2\.0\.dll$/ },
  { name: 'OpenSSL (MSYS2)', licence: 'Apache-2.0', texts: ['openssl.txt', 'apache-2.0.txt'], source: 'https://openssl-library.org/source/', files: /^redis\/msys-(?:crypto|ssl)-3\.dll$/ },
  { name: 'GCC runtime libraries', licence: 'GPL-3.0-or-later WITH GCC-exception-3.1', texts: ['gcc-exception.txt', 'gpl-3.0.txt'], source: 'https://gcc.gnu.org/releases.html', files: /^redis\/msys-(?:gcc_s-seh-1|stdc\+\+-6)\.dll$/ },
];

/** @param {string} name of a file in scripts/runtime-licences */
const textOf = (name) => readFileSync(inRoot('scripts', 'runtime-licences', name), 'utf8');

/** The licence texts of a component, one after the other. @param {Component} component */
export const licenceTextOf = (component) => component.texts.map(textOf).join('\n\n');

/**
 * The files of the folder `licences/`: who made what, and all texts.
 * @param {string[]} paths what is shipped, below the runtime folder
 * @returns {Map<string, Buffer>} below `licences/`
 * @throws {Error} when a file's origin is unknown
 */
export function licenceFiles(paths) {
  const unknown = paths.filter((path) => !COMPONENTS.some(({ files }) => files.test(path)));
  if (unknown.length > 0) throw new Error(`Nobody wrote down whose work these files are (scripts/lib/runtime-components.mjs): ${unknown.join(', ')}`);
  const shipped = COMPONENTS.map((component) => ({ component, own: paths.filter((path) => component.files.test(path)) })).filter(({ own }) => own.length > 0);
  const notice = [
    'Mainspring starts these programs as processes of their own. They are unmodified; each is under the licence named with it.',
    'Libraries under the LGPL are separate files: you may replace them with versions of your own. Sources are at the addresses given.',
    '',
    ...shipped.flatMap(({ component, own }) => [
      `${component.name}: ${component.licence} (${component.texts.join(', ')})`,
      `  source: ${component.source}`,
      `  files: ${own.filter((path) => !path.includes('/share/')).map((path) => basename(path)).join(', ')}`,
    ]),
    '',
  ];
  const texts = [...new Set(shipped.flatMap(({ component }) => component.texts))].sort();
  return new Map([['licences/NOTICE.txt', Buffer.from(notice.join('\n'))], ...texts.map((name) => /** @type {const} */ ([`licences/${name}`, Buffer.from(textOf(name))]))]);
}
