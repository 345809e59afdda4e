/** The fuses of a built executable against the design (security.md 5.2). */
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';

/** Each fuse by the name that electron-builder.yml gives it. */
const FUSES: readonly (readonly [string, FuseV1Options, boolean])[] = [
  ['runAsNode', FuseV1Options.RunAsNode, false],
  ['enableCookieEncryption', FuseV1Options.EnableCookieEncryption, true],
  ['enableNodeOptionsEnvironmentVariable', FuseV1Options.EnableNodeOptionsEnvironmentVariable, false],
  ['enableNodeCliInspectArguments', FuseV1Options.EnableNodeCliInspectArguments, false],
  ['enableEmbeddedAsarIntegrityValidation', FuseV1Options.EnableEmbeddedAsarIntegrityValidation, true],
  ['onlyLoadAppFromAsar', FuseV1Options.OnlyLoadAppFromAsar, true],
  ['loadBrowserProcessSpecificV8Snapshot', FuseV1Options.LoadBrowserProcessSpecificV8Snapshot, false],
  ['grantFileProtocolExtraPrivileges', FuseV1Options.GrantFileProtocolExtraPrivileges, false],
];

/**
 * Reads the fuses back from an executable.
 * @returns the names of those that are not as designed
 */
export async function wrongFuses(executable: string): Promise<string[]> {
  const wire = await getCurrentFuseWire(executable);
  return FUSES.filter(([, fuse, isOn]) => wire[fuse] !== (isOn ? FuseState.ENABLE : FuseState.DISABLE)).map(([name]) => name);
}
