import type { Destination, Origin } from '../destinations/destination.ts';
import { Failure } from '../errors.ts';
import type { FileDescription, SessionFileStream, TransferOptions } from '../streams/stream.ts';
import { fileKey } from './fetch-file.ts';
import { forgetVanished, owe } from './ledger.ts';
import { pool } from './pool.ts';
import type { Taker } from './taker.ts';
import type { Work } from './work.ts';

const LOOK_UPS_AT_ONCE = 16;

/** Files that a session announces are not fetched here: they are put into the item ledger, unless stored already. */
export function recordingTaker(
  at: Work,
  origin: Origin,
  stream: SessionFileStream,
  destination: Destination,
  options: TransferOptions,
): Taker {
  const sink = destination.files;
  if (!sink)
    throw new Failure('terminal', 'no-files', `"${destination.name}" cannot take files (${stream.title}).`);
  return {
    async take(batch) {
      const items = batch
        .filter(({ final }) => final)
        .flatMap(({ reading }) => stream.items(reading.session, options));
      const owed: { item: FileDescription; destinationId: string }[] = [];
      await pool(items, LOOK_UPS_AT_ONCE, async (item) => {
        if (!(await sink.find(fileKey(origin, stream.id, item.key))))
          owed.push({ item, destinationId: destination.id });
      });
      // What a second reading of whole days meets waits its turn in the ledger, as it is there already.
      const pulled = at.run.kind === 'pull' && at.run.selection?.by !== 'end_time';
      const wantedBy = pulled ? at.run.id : undefined;
      const { state, now } = at.services;
      const added = await owe(state, at.site.id, stream.id, owed, now(), wantedBy);
      // Sessions that were given up are asked for by name.
      if (at.run.selection?.by === 'lsids')
        for (const { reading } of batch)
          await forgetVanished(state, at.site.id, stream.id, reading.session.lsid, destination.id);
      return { found: items.length, owed: added, repeated: items.length - owed.length };
    },
  };
}
