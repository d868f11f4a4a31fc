import type { Services } from '../services.ts';
import { commitSlice } from './commit-slice.ts';
import { drain } from './drain.ts';
import { oweSnapshot } from './owe-snapshot.ts';
import { planBuckets } from './plan-buckets.ts';
import { planLooks } from './plan-looks.ts';
import { planSessions } from './plan-sessions.ts';
import { readReport } from './read-report.ts';
import { dropStaged, endReading, finishRun, leaseReader, startRun } from './run-steps.ts';
import { sealRun } from './seal-run.ts';
import { splitImport } from './split-import.ts';
import { writeReport } from './write-report.ts';

/** Every step of a run, under the name that histories know it by: a name is never used again for something else. */
export const activities = {
  'start-run': startRun,
  'lease-reader': leaseReader,
  'plan-sessions': planSessions,
  'read-report': readReport,
  'write-report': writeReport,
  'split-import': splitImport,
  'commit-slice': commitSlice,
  'drop-staged': dropStaged,
  'plan-looks': planLooks,
  'plan-buckets': planBuckets,
  'end-reading': endReading,
  'owe-snapshot': oweSnapshot,
  drain,
  'seal-run': sealRun,
  'finish-run': finishRun,
} as const satisfies Record<string, (services: Services, input: never) => Promise<unknown>>;

export type ActivityName = keyof typeof activities;
export type ActivityInput<N extends ActivityName> = Parameters<(typeof activities)[N]>[1];
export type ActivityOutput<N extends ActivityName> = Awaited<ReturnType<(typeof activities)[N]>>;
