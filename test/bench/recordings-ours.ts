import { join } from 'node:path';
import { connectAppliance } from '../../shared/appliance/connect-appliance.ts';
import { filePlugin } from '../../shared/destinations/file/file-plugin.ts';
import { silentLog } from '../../shared/log.ts';
import { openSqliteState } from '../../shared/state/sqlite-state.ts';
import { sessionRecording } from '../../shared/streams/session-recording.ts';
import { fetchFile } from '../../shared/transfer/fetch-file.ts';
import { type Carry, CONTAINER, type Errand } from './recordings-errand.ts';

/** The product's own path: client, one reading, hash, reservation and catalog, evidence, durable under its name. */
export async function ours({ appliance, folder, connectionString }: Errand): Promise<Carry> {
  const { account } = appliance;
  const client = connectAppliance({
    site: {
      id: 'support',
      name: 'Support',
      host: appliance.address,
      product: 'RS',
      ca: appliance.caPem,
      auth: { kind: 'oauth', clientId: account.id },
    },
    secret: async () => account.secret,
    log: silentLog,
  });
  const place =
    connectionString === undefined
      ? { kind: 'folder', directory: join(folder, 'files') }
      : { kind: 'blob', connectionSecret: 'connection', container: CONTAINER };
  const destination = await filePlugin.open({
    id: 'archive',
    name: 'Archive',
    settings: filePlugin.settings.parse(place),
    state: openSqliteState(join(folder, 'state.db')),
    log: silentLog,
    secret: async () => connectionString ?? '',
  });
  const { files } = destination;
  if (!files) throw new Error('the destination takes no files');
  // Both sides begin with a token in hand.
  await client.info();
  return async (lsid) => {
    const signal = new AbortController().signal;
    const item = { key: lsid, lsid, values: { LSID: lsid, SESSION_TYPE: 'support' }, extension: 'flv' };
    const outcomes = await fetchFile({
      origin: { siteId: 'support', host: 'support.example.com' },
      stream: sessionRecording,
      item,
      sinks: new Map([['archive', files]]),
      open: () => sessionRecording.open(client, item, { signal }),
      run: 'bench',
      signal,
    });
    const outcome = outcomes.get('archive');
    if (outcome?.status !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`);
    return outcome.bytes;
  };
}
