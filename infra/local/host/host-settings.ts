import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { Failure } from '../../../shared/errors.ts';

export interface HostSettings {
  readonly routePrefix: string;
  readonly hubName: string;
  readonly maxConcurrentActivityFunctions: number;
  readonly maxConcurrentOrchestratorFunctions: number;
  /** Milliseconds an invocation may take; undefined is without limit. */
  readonly functionTimeoutMs: number | undefined;
}

const schema = z.looseObject({
  version: z.literal('2.0'),
  functionTimeout: z.string().optional(),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string().optional() }).optional(),
      durableTask: z
        .looseObject({
          hubName: z.string().min(1).optional(),
          maxConcurrentActivityFunctions: z.int().positive().optional(),
          maxConcurrentOrchestratorFunctions: z.int().positive().optional(),
        })
        .optional(),
    })
    .optional(),
});

/** Azure's own defaults stand in for what host.json leaves out. */
export function readHostSettings(hostJson: string | object): HostSettings {
  const parsed = schema.safeParse(typeof hostJson === 'string' ? readJson(hostJson) : hostJson);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Failure(
      'terminal',
      'bad-host-json',
      `host.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}.`,
    );
  }
  const { extensions, functionTimeout } = parsed.data;
  const durable = extensions?.durableTask ?? {};
  const cores = availableParallelism();
  return {
    routePrefix: (extensions?.http?.routePrefix ?? 'api').replace(/^\/+|\/+$/g, ''),
    hubName: durable.hubName ?? 'TestHubName',
    maxConcurrentActivityFunctions: durable.maxConcurrentActivityFunctions ?? 10 * cores,
    maxConcurrentOrchestratorFunctions: durable.maxConcurrentOrchestratorFunctions ?? 10 * cores,
    functionTimeoutMs: functionTimeout === undefined ? 30 * 60_000 : parseTimeout(functionTimeout),
  };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Failure('terminal', 'bad-host-json', `Cannot read ${path}: ${(cause as Error).message}.`);
  }
}

function parseTimeout(text: string): number | undefined {
  if (text === '-1') return undefined;
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,3})\d*)?$/.exec(text);
  if (match === null) {
    throw new Failure('terminal', 'bad-host-json', `host.json: functionTimeout "${text}" is not hh:mm:ss.`);
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 5).map((part) => Number(part ?? 0));
  const milliseconds = Number((match[5] ?? '').padEnd(3, '0') || 0);
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}
