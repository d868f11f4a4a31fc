import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { type Stack, startStack } from '../infra/local/stack.ts';
import { composeServices } from '../shared/compose.ts';
import { Failure } from '../shared/errors.ts';
import { silentLog } from '../shared/log.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import type { SimulatedAppliance } from './appliance/simulated-appliance.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { readDocument, sha256 } from './support/job.ts';

const folder = mkdtempSync(join(tmpdir(), 'azure-run-'));
const now = Math.floor(Date.now() / 1000);
let azurite: Azurite;
let appliance: SimulatedAppliance;
let stack: Stack;

before(async () => {
  azurite = await startAzurite();
  appliance = await startAppliance({
    product: 'PRA',
    seed: 3,
    sessions: 24,
    from: now - 9 * 3600,
    // Over by now, all of them.
    to: now - 3 * 3600,
    events: 5,
    recordingBytes: [1_000, 20_000],
    backupBytes: 9_000,
    oddities: 'plain',
  });
  // As Azure gives them: application settings, secrets among them as Key Vault references.
  const services = composeServices({
    DATA_STORAGE_CONNECTION_STRING: azurite.connectionString,
    SECRET_ACCOUNT: defaultOAuthAccount.secret,
    SECRET_STORAGE: azurite.connectionString,
    LOG_LEVEL: 'error',
  });
  await saveSettings(services.state, {
    sites: [
      {
        id: 'access',
        name: 'Access',
        host: appliance.address,
        hostName: 'access.example.com',
        account: { kind: 'oauth', clientId: defaultOAuthAccount.id, secret: 'account' },
        certificateAuthority: appliance.caPem,
        requestsPerSecond: 100,
      },
    ],
    destinations: [
      {
        id: 'archive',
        name: 'Archive',
        plugin: 'file',
        settings: { kind: 'blob', connectionSecret: 'storage', container: 'sessions', prefix: 'in/archive' },
      },
    ],
    schedules: [
      {
        id: 'all',
        name: 'All',
        every: { minutes: 15 },
        transfers: [
          {
            site: 'access',
            destination: 'archive',
            dataTypes: ['session-data', 'session-recording', 'backup'],
          },
        ],
      },
    ],
  });
  stack = await startStack({
    services,
    log: silentLog,
    database: join(folder, 'host.db'),
    port: 0,
    timers: 'off',
  });
});
after(async () => {
  await stack?.close();
  await appliance?.close();
  await azurite?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface StoredBlob {
  readonly etag: string;
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
}

async function blobsIn(container: string): Promise<Map<string, StoredBlob>> {
  const client = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
    container,
  );
  const found = new Map<string, StoredBlob>();
  for await (const { name, properties, metadata = {} } of client.listBlobsFlat({ includeMetadata: true }))
    if (!name.includes('.manifests/'))
      found.set(name, {
        etag: properties.etag,
        contentType: properties.contentType,
        metadata,
        bytes: await client.getBlobClient(name).downloadToBuffer(),
      });
  return found;
}

let afterFirst: Map<string, StoredBlob>;

test('a run on Azure storage brings every session, recording and backup into the container', async () => {
  const [run] = await stack.runOnce();
  assert.equal(run?.status, 'succeeded', JSON.stringify(run));
  const truths = [...appliance.truth.sessions()];
  assert.ok(truths.length === 24 && truths.every(({ state }) => state === 'closed'));
  const blobs = await blobsIn('sessions');
  afterFirst = new Map(blobs);
  const take = (name: string) => {
    const blob = blobs.get(name) ?? assert.fail(`${name} is missing`);
    blobs.delete(name);
    assert.equal(blob.metadata.sha256, sha256(blob.bytes));
    assert.equal(blob.metadata.size, String(blob.bytes.length));
    assert.equal(blob.metadata.host, 'access.example.com');
    assert.equal(blob.metadata.site, 'access');
    return blob;
  };
  for (const { session, hasRecording } of truths) {
    const name = `in/archive/access.example.com-support-${session.lsid}`;
    const document = take(`${name}.xml`);
    assert.deepEqual(await readDocument(document.bytes), [session]);
    assert.equal(
      decodeURIComponent(document.metadata.item_key ?? ''),
      `access.example.com|session-data|${session.lsid}`,
    );
    assert.deepEqual([document.metadata.verified, document.contentType], ['end-tag', 'application/xml']);
    if (!hasRecording) continue;
    const recording = take(`${name}.flv`);
    assert.deepEqual(
      { size: recording.bytes.length, sha256: sha256(recording.bytes) },
      appliance.truth.recording(session.lsid),
    );
    assert.deepEqual([recording.metadata.verified, recording.contentType], ['length', 'video/x-flv']);
  }
  const [backup, ...more] = [...blobs.keys()];
  assert.match(backup ?? '', /^in\/archive\/access\.example\.com-backup-\d{8}T\d{6}Z\.nsb$/);
  assert.deepEqual(more, []);
  const { bytes } = take(backup ?? '');
  assert.deepEqual({ size: bytes.length, sha256: sha256(bytes) }, appliance.truth.lastBackup);
});

test('what was staged is gone, and what is remembered is in tables', async () => {
  assert.deepEqual([...(await blobsIn('staging')).keys()], []);
  const tables: string[] = [];
  const client = TableServiceClient.fromConnectionString(azurite.connectionString, {
    allowInsecureConnection: true,
  });
  for await (const { name } of client.listTables()) if (name !== undefined) tables.push(name);
  for (const collection of ['settings', 'watermarks', 'catalog', 'runs', 'claims'])
    assert.ok(
      tables.some((name) => name.toLowerCase() === `integrationclient${collection}`),
      `${collection} is not among ${tables.join()}`,
    );
});

test('a second run stores one new backup and touches nothing else', async () => {
  const asked = appliance.log.length;
  const [run] = await stack.runOnce();
  assert.equal(run?.status, 'succeeded', JSON.stringify(run));
  const blobs = await blobsIn('sessions');
  for (const [name, { etag }] of afterFirst)
    assert.equal(blobs.get(name)?.etag, etag, `${name} was left alone`);
  const fresh = [...blobs.keys()].filter((name) => !afterFirst.has(name));
  assert.equal(fresh.length, 1, fresh.join());
  assert.match(fresh[0] ?? '', /-backup-/);
  assert.ok(!appliance.log.slice(asked).some(({ request }) => request.endsWith('Recording')));
});

test('an application setting that is missing is named', () => {
  const isNamed = (name: string) => (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.kind, error.code], ['terminal', 'setting-missing']);
    return error.message.includes(name);
  };
  assert.throws(() => composeServices({}), isNamed('DATA_TABLE_URL'));
  assert.throws(
    () => composeServices({ DATA_TABLE_URL: 'https://data.table.core.windows.net' }),
    isNamed('DATA_BLOB_URL'),
  );
});
