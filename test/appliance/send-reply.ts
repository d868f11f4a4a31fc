import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Framing, Reply } from './reply.ts';
import type { OpenEntry } from './sent-log.ts';
import { SessionDigests } from './sent-log.ts';
import type { SessionIds } from './session-ids.ts';
import type { FaultKind } from './simulated-appliance.ts';

export interface Sending {
  readonly response: ServerResponse;
  /** The TCP connection under the TLS one. */
  readonly connection: Socket;
  readonly reply: Reply;
  readonly fault: FaultKind | undefined;
  readonly entry: OpenEntry;
  readonly ids: SessionIds;
  /** Aborted when the client has gone or the appliance closes. */
  readonly gone: AbortSignal;
}

/** Before a reset, so that the peer has read what came first. */
const settleMs = 25;
const dripMs = 50;

/** Sends a reply with back pressure, with the fault laid over it, and closes the connection. */
export async function sendReply(sending: Sending): Promise<void> {
  const { response, reply, fault, entry, gone } = sending;
  if (fault?.kind === 'stall' && fault.afterBytes === undefined) return untilGone(gone);

  const limit = fault && 'afterBytes' in fault ? fault.afterBytes : undefined;
  entry.status = reply.status;
  const digests = new SessionDigests(sending.ids, () => entry.bytes);
  if (reply.body.length === undefined) entry.sessions = digests;
  writeHead(response, reply, fault?.kind === 'cut' ? fault.framing : reply.framing);

  for (const piece of cutAt(limit, reply.body.chunks(digests))) {
    for (const part of drip(fault, piece)) {
      if (gone.aborted) return;
      if (part.length === 0) continue;
      const room = response.write(part);
      entry.bytes += part.length;
      if (fault?.kind === 'slow-drip') await unlessGone(sleep(dripMs, undefined, { signal: gone }), gone);
      else if (!room) await unlessGone(once(response, 'drain', { signal: gone }), gone);
    }
  }
  if (gone.aborted) return;
  switch (fault?.kind) {
    case 'stall':
      return untilGone(gone);
    case 'reset':
      await flushed(response);
      await sleep(settleMs);
      return reset(sending.connection);
    case 'cut':
      await flushed(response);
      // An orderly end of TLS and TCP in the midst of the message.
      response.socket?.destroySoon();
      return;
    default:
      response.end();
  }
}

function writeHead(response: ServerResponse, reply: Reply, framing: Framing): void {
  response.useChunkedEncodingByDefault = framing === 'chunked';
  response.setHeader('Content-Type', reply.contentType);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (framing === 'length') response.setHeader('Content-Length', reply.body.length ?? countBytes(reply));
  response.writeHead(reply.status);
  response.flushHeaders();
}

/** For a report that is to announce its length: made once to be counted. */
function countBytes(reply: Reply): number {
  let bytes = 0;
  for (const piece of reply.body.chunks()) bytes += piece.length;
  return bytes;
}

/**
 * The first `limit` bytes; of a body that is not longer than that, all but the last byte, so that a fault always
 * leaves something out.
 */
function* cutAt(limit: number | undefined, pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  if (limit === undefined) return yield* pieces;
  let left = limit;
  let held: Uint8Array | undefined;
  for (const piece of pieces) {
    if (held) {
      yield held;
      left -= held.length;
    }
    if (piece.length > left) return yield piece.subarray(0, left);
    held = piece;
  }
  if (held) yield held.subarray(0, -1);
}

/** What goes out at once: the piece, or what a slow line takes in one interval. */
function* drip(fault: FaultKind | undefined, piece: Uint8Array): Generator<Uint8Array> {
  if (fault?.kind !== 'slow-drip') return yield piece;
  const step = Math.max(1, Math.round((fault.bytesPerSecond * dripMs) / 1000));
  for (let from = 0; from < piece.length; from += step) yield piece.subarray(from, from + step);
}

/** Resolves once what was written is with the operating system, or the client has gone. */
function flushed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const { socket } = response;
    if (!socket || socket.destroyed) return resolve();
    socket.once('close', () => resolve());
    socket.write('', () => resolve());
  });
}

/** The client may go at any time: that ends the wait and is no error. */
async function unlessGone(wait: Promise<unknown>, gone: AbortSignal): Promise<void> {
  try {
    await wait;
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}

function reset(connection: Socket): void {
  connection.resetAndDestroy();
}

async function untilGone(gone: AbortSignal): Promise<void> {
  if (!gone.aborted) await once(gone, 'abort');
}
