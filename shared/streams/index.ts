import { backup } from './backup.ts';
import { sessionData } from './session-data.ts';
import { sessionRecording } from './session-recording.ts';
import type { Stream, StreamId } from './stream.ts';

/** Every data type the product can pull, one file each. */
export const streams: readonly Stream[] = [sessionData, sessionRecording, backup];

export function streamOf(id: StreamId): Stream {
  const stream = streams.find((candidate) => candidate.id === id);
  if (!stream) throw new Error(`no data type ${id}`);
  return stream;
}
