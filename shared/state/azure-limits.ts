import type { Readable } from 'node:stream';
import {
  type Pipeline,
  type PipelinePolicy,
  type PipelineRequest,
  RestError,
} from '@azure/core-rest-pipeline';

/** Milliseconds. */
export interface AzureLimits {
  /** From sending a request to the end of a short answer, or to the headers of a download; each try has as much. */
  readonly answerMs: number;
  /** Between two pieces of a download. How long all of it takes has no limit. */
  readonly idleMs: number;
}

/** Blob storage and Azure Files may take a minute to commit a list of blocks; their lists have some megabytes a page. */
export const storageLimits: AzureLimits = { answerMs: 60_000, idleMs: 60_000 };
/** Tables and secrets: little is sent, and the service itself gives up after 30 s. */
export const smallRequestLimits: AzureLimits = { answerMs: 30_000, idleMs: 30_000 };

/** On top of the answer's limit, what is sent may take as long as it takes at half a megabit a second. */
const slowestBytesPerMs = 64;

/**
 * Ends a try that gets no answer as ETIMEDOUT, which the retry policies of the Azure clients try again. They have no limit
 * of their own: `tryTimeoutInMs` of the storage clients only tells the service how long it may work; `timeout` of a
 * request ends at the headers, and what it ends is not tried again. A connection that a firewall or NAT has forgotten
 * says nothing for ever.
 */
export function limitTries(limits: AzureLimits): PipelinePolicy {
  return {
    name: 'integrationClientTryLimit',
    async sendRequest(request, next) {
      const given = request.abortSignal as AbortSignal | undefined;
      const end = new AbortController();
      request.abortSignal = given === undefined ? end.signal : AbortSignal.any([given, end.signal]);
      const limit = limits.answerMs + sentBytes(request) / slowestBytesPerMs;
      try {
        // Not left to the abort: an answer that is being unpacked does not hear of it.
        return await withinLimit(next(request), limit, () => end.abort());
      } finally {
        // The retry policies take an aborted request for one that is no longer wanted.
        if (given === undefined) delete request.abortSignal;
        else request.abortSignal = given;
      }
    },
  };
}

/**
 * Sets the limit of a client of Blob storage or Azure Files, and of all clients that are made from it. They take policies
 * of today's kind in no other way.
 */
export function limitStorageTries<C extends object>(client: C, limits: AzureLimits): C {
  const { pipeline } = client as { readonly pipeline?: { readonly _corePipeline?: Pipeline } };
  const core = pipeline?._corePipeline;
  if (core === undefined) throw new Error('The storage client keeps its pipeline in another place.');
  core.addPolicy(limitTries(limits), { afterPhase: 'Sign' });
  return client;
}

/** The bytes of a download, until they end or do not come. A reader that takes its time is not taken for a silence. */
export async function* flowing(
  body: NodeJS.ReadableStream,
  { idleMs }: AzureLimits,
): AsyncIterable<Uint8Array> {
  const stream = body as Readable;
  let isAwaited = true;
  const timer = setTimeout(() => {
    if (isAwaited) stream.destroy(silent(`the rest did not come: nothing for ${idleMs} ms`));
  }, idleMs);
  try {
    for await (const chunk of stream) {
      isAwaited = false;
      yield chunk as Buffer;
      isAwaited = true;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** What the work gives; ETIMEDOUT where that takes longer. @param end told then: nobody waits for the work any more */
export async function withinLimit<R>(work: Promise<R>, ms: number, end: () => void = () => {}): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(silent(`no answer within ${Math.round(ms)} ms`));
      end();
    }, ms);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function silent(message: string): RestError {
  return new RestError(message, { code: 'ETIMEDOUT' });
}

function sentBytes({ headers, body }: PipelineRequest): number {
  const told = Number(headers.get('Content-Length') ?? 0);
  return typeof body === 'string' ? Math.max(told, body.length) : told;
}
