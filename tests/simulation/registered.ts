/** In the place of the chassis' `runService`: keeps what a worker's main file declares, so that the simulation can start it as often as it wants. */
import type { ServiceSpec } from '#chassis/service.ts';

/** By unit. */
export const registered = new Map<string, ServiceSpec>();

/** What the main files call. */
export function runService(spec: ServiceSpec): void {
  registered.set(spec.unit, spec);
}
