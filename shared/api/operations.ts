import type { Operation } from './operation.ts';
import { runOperations } from './runs.ts';

/** Everything that the API can do, besides the liveness check. */
export const operations: readonly Operation[] = [...runOperations];
