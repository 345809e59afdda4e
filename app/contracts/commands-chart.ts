/** Commands about the chart's own things. */
import * as z from 'zod';
import { chartLayoutSchema, drawingSchema } from './charts.ts';
import { request, type CommandContract } from './request.ts';

const service = 'analytics';

/** Its commands: what is saved twice under one id is there once, what is erased twice is gone. */
export const CHART_COMMANDS = {
  saveChartLayout: { service, input: z.object({ ...request, layout: chartLayoutSchema }), output: chartLayoutSchema },
  deleteChartLayout: { service, input: z.object({ ...request, layoutId: z.string().min(8).max(64) }), output: z.object({ layoutId: z.string() }) },
  saveDrawing: { service, input: z.object({ ...request, drawing: drawingSchema }), output: drawingSchema },
  deleteDrawing: { service, input: z.object({ ...request, drawingId: z.string().min(8).max(64) }), output: z.object({ drawingId: z.string() }) },
} as const satisfies Record<string, CommandContract>;
