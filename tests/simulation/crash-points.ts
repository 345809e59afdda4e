/** In the place of the chassis' crash points: a worker dies at one of them when the seed says so. */
import { Dead } from './unit.ts';
import { unitOf, world } from './world.ts';

/** Perhaps the end of this life. @throws Dead */
export function crashPoint(name: string): void {
  const { points } = world();
  const life = unitOf(name.split('.')[0] ?? '').present();
  const seen = points.get(name) ?? { passed: 0, died: 0 };
  seen.passed += 1;
  points.set(name, seen);
  if (life.isDead || !life.mayDie('crash_at_point', `at ${name}`)) return;
  seen.died += 1;
  throw new Dead(name);
}
