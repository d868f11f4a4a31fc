/** A process that stores items in a folder, for tests that kill it. Its one argument is JSON, see below. */
import { openFileDestination } from '../../shared/destinations/file/file-destination.ts';
import { openLocalStore } from '../../shared/destinations/file/local-store.ts';
import { Failure } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import { itemOf, storeIn } from '../contract/file-place.ts';

const { folder, state, items, bytes } = JSON.parse(process.argv[2] ?? '') as {
  folder: string;
  state: string;
  items: number;
  bytes: number;
};
const destination = openFileDestination({
  id: 'archive',
  name: 'Archive',
  settings: { fileNameFormat: '%LSID%.%EXTENSION%', conflictHandling: 'AppendNumber', extension: 'guide' },
  state: openSqliteState(state),
  store: openLocalStore(folder),
  log: silentLog,
});
for (let i = 0; i < items; i++) {
  const key = `item ${i}`;
  // Two items each have one name.
  const item = itemOf(key, `pair-${Math.floor(i / 2)}`);
  const content = `${key};`.repeat(Math.ceil(bytes / `${key};`.length));
  for (let done = false; !done; ) {
    try {
      await storeIn(destination, item, content, 4_096);
      done = true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.kind !== 'transient') {
        process.stdout.write(JSON.stringify([error.kind, error.code, error.message]));
        process.exit(0);
      }
    }
  }
  process.stdout.write(`${i}\n`);
}
