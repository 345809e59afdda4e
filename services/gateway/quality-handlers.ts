/** Answers about quality of the stored bars: what is known is read from the book, what is decided goes to data_ingestion. */
import type { QUALITY_ROUTES } from '#app/contracts/http-quality.ts';
import { QUALITY_RULES } from '#app/market/quality/rules.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readAdjustments, readCoverage, readCoverageSeries, readDataFindings, readQualityReport, readQualityReports, readQuarantine, readValidations } from './queries/quality.ts';

/** Builds them. */
export function qualityHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof QUALITY_ROUTES> {
  const { db } = ctx;
  return {
    coverage: (input) => readCoverage(db, input),
    coverageSeries: (input) => readCoverageSeries(db, input),
    dataFindings: (input) => readDataFindings(db, input),
    decideDataFinding: (input, { actor, idempotencyKey }) => ctx.callCommand('decideDataFinding', { ...input, actor, idempotencyKey }),
    quarantine: (input) => readQuarantine(db, input),
    decideQuarantine: (input, { actor, idempotencyKey }) => ctx.callCommand('decideQuarantine', { ...input, actor, idempotencyKey }),
    qualityReports: async ({ limit }) => ({ reports: await readQualityReports(db, limit) }),
    qualityReport: ({ day }) => readQualityReport(db, day),
    validations: async ({ limit }) => ({ validations: await readValidations(db, limit) }),
    adjustments: ({ symbol }) => readAdjustments(db, symbol),
    qualityRules: () => Promise.resolve({ rules: QUALITY_RULES.map((rule) => ({ ...rule })) }),
  };
}
