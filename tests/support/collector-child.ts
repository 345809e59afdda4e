/** A process that collects logs until it is killed: argv is the log folder and the database access as JSON. */
import { pino } from 'pino';
import * as z from 'zod';
import { PostgresAccessSchema } from '#app/contracts/config.ts';
import { openDb } from '#chassis/db.ts';
import { createHealth } from '#chassis/health.ts';
import { createCollector } from '../../services/notification/logs/collector.ts';

const [folder, access] = z.tuple([z.string(), z.string()]).parse(process.argv.slice(2, 4));
const db = openDb({ access: PostgresAccessSchema.parse(JSON.parse(access)), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 2, onLost: () => process.exit(75) });
const collector = createCollector({ folder, db, log: pino({ level: 'silent' }), health: createHealth(() => undefined), retentionDays: 30, now: Date.now });
// As fast as it can, so that a kill meets it at work.
for (;;) await collector.collectAll();
