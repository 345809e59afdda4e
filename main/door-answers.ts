/** What the owner of a data folder answers at its control door. */
import * as z from 'zod';
import { INCIDENTS_MAX } from '#app/contracts/health.ts';
import type { StackHealth, UnitIncident, VerifyReport } from '#app/contracts/health.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { killWishSchema } from '#app/contracts/kill.ts';
import type { KillOutcome, KillWish } from '#app/contracts/kill.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { serviceIdSchema, type ServiceId } from '#app/domain/ids.ts';
import { FlowQuestionSchema } from './flows.ts';
import type { FlowAnswer, FlowQuestion } from './flows.ts';
import type { HistoryQuestion } from './store/unit-history.ts';
import { openDoor } from './supervisor/door.ts';
import type { Door } from './supervisor/door.ts';

const WorkerArgsSchema = z.object({ service: serviceIdSchema });
const ArmArgsSchema = z.object({ phrase: z.string().max(100), minutes: z.number() });

/** What the answers are made of. */
export type DoorPorts = {
  health(): StackHealth;
  verify(): Promise<VerifyReport>;
  loginLink(): string;
  history(question: HistoryQuestion): UnitIncident[];
  armLive(phrase: string, minutes: number): number;
  disarmLive(reason: string): void;
  kill(wish: KillWish): Promise<KillOutcome>;
  flows(question: FlowQuestion): Promise<FlowAnswer>;
  /** What a second worker of a service must know, on this machine or another; it holds the service's database password. */
  workerConfig(service: ServiceId): RuntimeConfig;
  readonly onStopAsked: () => void;
  /** This process goes on after the stack was stopped. */
  readonly isResident: boolean;
};

/** Opens the control door. The lock is ours already, so whatever lies at its address is stale. @throws AppError DATA_FOLDER_UNUSABLE (operator). */
export async function takeDoor(address: string, ports: DoorPorts): Promise<Door> {
  try {
    return await openDoor(address, async (verb, args) => {
      switch (verb) {
        case 'status':
          return ports.health();
        case 'verify':
          return ports.verify();
        case 'loginLink':
          return { url: ports.loginLink() };
        case 'history':
          return ports.history({ unitId: null, limit: INCIDENTS_MAX });
        case 'stop':
          ports.onStopAsked();
          return { pid: process.pid, isResident: ports.isResident };
        case 'arm': {
          const { phrase, minutes } = ArmArgsSchema.parse(args);
          return { armedUntil: ports.armLive(phrase, minutes) };
        }
        case 'kill':
          return ports.kill(killWishSchema.parse(args));
        case 'flows':
          return ports.flows(FlowQuestionSchema.parse(args));
        case 'workerConfig':
          return ports.workerConfig(WorkerArgsSchema.parse(args).service);
        case 'disarm':
          ports.disarmLive('asked for on the command line');
          return { armedUntil: null };
      }
    });
  } catch (error) {
    throw new AppError('DATA_FOLDER_UNUSABLE', `The control door ${address} cannot be opened (${describeError(error)}). Choose another data folder with --data.`, { cause: error });
  }
}
