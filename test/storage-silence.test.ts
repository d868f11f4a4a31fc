import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { openBlobStore } from '../shared/destinations/file/blob-store.ts';
import type { FileStore } from '../shared/destinations/file/file-store.ts';
import { openShareStore } from '../shared/destinations/file/share-store.ts';
import { Failure } from '../shared/errors.ts';
import { keyVaultSecrets } from '../shared/settings/key-vault-secrets.ts';
import { azureIdentity } from '../shared/state/azure-identity.ts';
import { flowing, limitTries } from '../shared/state/azure-limits.ts';
import { openBlobStaging } from '../shared/state/blob-staging.ts';
import { openTableState } from '../shared/state/table-state.ts';
import { aboutOf, keyOf, putText } from './destination-file-share-support.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { type KeyVault, startKeyVault } from './support/key-vault.ts';
import { type SilentLine, silentLine } from './support/silent-line.ts';

const share = 'archive';
const azureFiles = new AzureFiles();
let azurite: Azurite;
let vault: KeyVault;
let tables: SilentLine;
let blobs: SilentLine;
let files: SilentLine;
before(async () => {
  await azureFiles.start();
  azureFiles.makeShare(share);
  [azurite, vault] = await Promise.all([startAzurite(), startKeyVault()]);
  tables = await silentLine(new URL(azurite.tableUrl).origin);
  blobs = await silentLine(new URL(azurite.blobUrl).origin);
  files = await silentLine(new URL(azureFiles.url).origin);
});
after(async () => {
  await Promise.all([tables, blobs, files, vault].map((one) => one?.close()));
  await Promise.all([azurite?.stop(), azureFiles.stop()]);
});
beforeEach(() => {
  for (const line of [tables, blobs, files]) line.silences.length = line.silenced.length = 0;
});

/** Over the line instead of straight to the service. */
const accountOver = (line: SilentLine, service: string, connectionString: string) =>
  connectionString.replace(new URL(service).origin, line.origin);

/** Short only while something is silent: what answers may be as slow as the machine is. */
const limitsOn = (silences: () => readonly unknown[]) => {
  const limit = () => (silences().length > 0 ? 150 : 60_000);
  return {
    get answerMs() {
      return limit();
    },
    get idleMs() {
      return limit();
    },
  };
};
const retryDelays = { retryDelayInMs: 1, maxRetryDelayInMs: 1 };
const twice = { retryOptions: { maxTries: 2, maxRetries: 1, ...retryDelays } };
/** Far more tries than are needed, so that a busy machine may miss some. */
const often = { retryOptions: { maxTries: 100, maxRetries: 99, ...retryDelays } };

const openState = (client: object = often) =>
  openTableState({
    connectionString: accountOver(tables, azurite.tableUrl, azurite.connectionString),
    prefix: 'silence',
    client,
    limits: limitsOn(() => tables.silences),
  });
const blobOptions = (container: string, client: object = often) => ({
  connectionString: accountOver(blobs, azurite.blobUrl, azurite.connectionString),
  container,
  client,
  limits: limitsOn(() => blobs.silences),
});
const openShare = (client: object = often) =>
  openShareStore({
    connectionString: accountOver(files, azureFiles.url, azureFiles.connectionString),
    share,
    client,
    limits: limitsOn(() => files.silences),
    rangeBytes: 16 * 1024,
  });

const unreachable = async (work: Promise<unknown>) => {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.deepEqual([error.kind, error.code], ['transient', 'storage-unreachable'], error.message);
    assert.doesNotMatch(error.message, /\n|AccountKey/);
    return true;
  });
};

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}

async function listAll(names: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of names);
}

async function* sourceOf(...chunks: readonly Uint8Array[]) {
  yield* chunks;
}

test('table storage that takes requests and does not answer is a transient failure', async () => {
  await openState().put('catalog', 'p', 'k', 'x'.repeat(2_000));
  await openState().put('catalog', 'p', 'packed', 'x'.repeat(2_000));
  const state = openState(twice);
  await state.put('catalog', 'p', 'other', 1);
  tables.silences.push({ of: /^GET .*RowKey='k'/, when: 'half' });
  tables.silences.push({ of: /^GET .*RowKey='packed'/, when: 'half-gzip' });
  tables.silences.push({ of: /./, when: 'before' });
  await Promise.all([
    unreachable(state.get('catalog', 'p', 'k')),
    unreachable(state.get('catalog', 'p', 'packed')),
    unreachable(state.get('catalog', 'p', 'other')),
    unreachable(state.list('catalog', 'p')),
    unreachable(state.insert('catalog', 'p', 'new', 1)),
    unreachable(state.batch('catalog', 'p', [{ op: 'put', key: 'new', value: 1 }])),
    unreachable(state.get('runs', 'p', 'of-a-table-that-is-made-first')),
  ]);
  assert.equal(tables.silenced.length, 14);
});

test('table storage is asked again for an answer that did not come', async () => {
  const state = openState();
  const etag = await state.put('catalog', 'q', 'k', 1);
  tables.silences.push({ of: /^POST .*Catalog/, when: 'after', times: 1 });
  tables.silences.push({ of: /^PUT .*RowKey='k'/, when: 'after', times: 1 });
  tables.silences.push({ of: /batch/, when: 'after', times: 1 });
  tables.silences.push({ of: /^GET .*RowKey='k'/, when: 'half', times: 1 });
  const [, , , read] = await Promise.all([
    state.insert('catalog', 'q', 'inserted', 1),
    state.update('catalog', 'q', 'k', 2, etag),
    state.batch('catalog', 'q', [{ op: 'insert', key: 'batched', value: 1 }]),
    state.get('catalog', 'q', 'k'),
  ]);
  assert.ok(read !== undefined);
  assert.equal((await state.get('catalog', 'q', 'k'))?.value, 2);
  assert.deepEqual(
    (await state.list('catalog', 'q')).entries.map(({ key }) => key),
    ['batched', 'inserted', 'k'],
  );
  assert.equal(tables.silences.length, 0);
});

test('staging in a container that does not answer, or stops in a body, is a transient failure', async () => {
  const text = Buffer.alloc(20_000, 'staged');
  await openBlobStaging(blobOptions('staging')).write('there', sourceOf(text));
  const staging = openBlobStaging(blobOptions('staging', twice));
  assert.deepEqual(await readAll(staging.read('there')), text);
  blobs.silences.push({ of: /^GET .*there/, when: 'half' });
  blobs.silences.push({ of: /block&/, when: 'before' });
  blobs.silences.push({ of: /comp=list/, when: 'half' });
  blobs.silences.push({ of: /^(DELETE|GET)/, when: 'before' });
  await Promise.all([
    unreachable(readAll(staging.read('there'))),
    unreachable(readAll(staging.read('other'))),
    unreachable(staging.write('new', sourceOf(text))),
    unreachable(staging.remove('there')),
    unreachable(listAll(staging.list(''))),
  ]);
  blobs.silences.length = 0;
  blobs.silences.push({ of: /blocklist/, when: 'before' });
  await unreachable(staging.write('new', sourceOf(text)));
});

test('staging asks again for an answer that did not come, and stores the same', async () => {
  const staging = openBlobStaging(blobOptions('staging'));
  const text = Buffer.alloc(20_000, 'again');
  for (const fits of [/comp=block&/, /comp=blocklist/, /^GET .*again/])
    blobs.silences.push({ of: fits, when: 'after', times: 1 });
  const { bytes } = await staging.write('again', sourceOf(text));
  assert.equal(bytes, text.byteLength);
  assert.deepEqual(await readAll(staging.read('again')), text);
  assert.equal(blobs.silences.length, 0);
});

async function assertSilenceTold(line: SilentLine, patient: FileStore, store: FileStore, commit: RegExp) {
  const text = 'stored '.repeat(3_000);
  await putText(patient, 'there', text);
  assert.equal((await readAll(store.read('there'))).toString(), text);
  const attempt = await store.begin(keyOf('uncommitted'));
  await attempt.write(Buffer.from(text));
  line.silences.push({ of: /^GET .*there/, when: 'half' });
  line.silences.push({ of: commit, when: 'before' });
  line.silences.push({ of: /^(HEAD|GET) .*(other|comp=list)/, when: 'before' });
  await Promise.all([
    unreachable(readAll(store.read('there'))),
    unreachable(readAll(store.read('other'))),
    unreachable(store.stat('other')),
    unreachable(listAll(store.list())),
    unreachable(attempt.put('uncommitted', aboutOf(text), undefined)),
  ]);
  line.silences.push({ of: /^PUT .*comp=(block&|range)/, when: 'before' });
  await unreachable(putText(store, 'unsent', text));
  assert.ok(line.silenced.some((said) => /comp=(block&|range)/.test(said)));
  line.silences.length = 0;
  await attempt.discard();
}

test('a store in Blob storage that does not answer, or stops in a body, is a transient failure', async () => {
  const patient = openBlobStore(blobOptions('archive'));
  const store = openBlobStore(blobOptions('archive', twice));
  await assertSilenceTold(blobs, patient, store, /blocklist/);
});

test('a store in Azure Files that does not answer, or stops in a body, is a transient failure', async () => {
  await assertSilenceTold(files, openShare(), openShare(twice), /comp=rename|comp=properties|comp=metadata/);
});

test('stores of files ask again for an answer that did not come, and store once', async () => {
  const text = 'stored again '.repeat(2_000);
  for (const fits of [/comp=block&/, /comp=blocklist/, /^GET .*again/])
    blobs.silences.push({ of: fits, when: 'after', times: 1 });
  for (const fits of [/comp=range/, /comp=rename/, /^GET .*again/])
    files.silences.push({ of: fits, when: 'after', times: 1 });
  await Promise.all(
    [openBlobStore(blobOptions('again')), openShare()].map(async (store) => {
      // Blob storage finds its own first commit in the way; the destination then looks what is there.
      await putText(store, 'again', text);
      assert.equal((await store.stat('again'))?.sha256, aboutOf(text).sha256);
      assert.equal((await readAll(store.read('again'))).toString(), text);
    }),
  );
  assert.deepEqual([blobs.silences.length, files.silences.length], [0, 0]);
});

test('a Key Vault that does not answer is a transient failure, and is asked again first', async () => {
  const limits = limitsOn(() => vault.faults);
  vault.set('door', 'open sesame');
  const secrets = keyVaultSecrets({ ...vault, limits });
  vault.faults.push('silent');
  await assert.rejects(secrets.get('door'), { kind: 'transient', code: 'key-vault-unreachable' });
  const again = keyVaultSecrets({ ...vault, client: { ...vault.client, ...often }, limits });
  vault.faults.push('silent');
  assert.equal(await again.get('door'), 'open sesame');
  assert.equal(vault.faults.length, 0);
});

test('an identity that gives no token is a transient failure of what wanted to sign in', async (context) => {
  const unanswered: ServerResponse[] = [];
  const server = createServer((_, reply) => void unanswered.push(reply));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const keys = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'] as const;
  const given = keys.map((key) => process.env[key]);
  context.after(() => {
    for (const [at, key] of keys.entries()) {
      if (given[at] === undefined) delete process.env[key];
      else process.env[key] = given[at];
    }
    // A refusal: after anything else the package would go on asking for half a minute.
    for (const reply of unanswered) reply.writeHead(400).end();
    server.close();
  });
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  process.env.IDENTITY_HEADER = 'header';
  const asked = once(server, 'request');
  const staging = openBlobStaging({
    url: 'https://nowhere.invalid',
    credential: azureIdentity(undefined, 500),
    container: 'staging',
    client: twice,
  });
  await unreachable(readAll(staging.read('x')));
  const [request] = await asked;
  assert.match(request.url, /^\/token\?.*storage/);
});

test('what is sent has time in proportion to its size', async () => {
  const policy = limitTries({ answerMs: 50, idleMs: 50 });
  const answers: (() => void)[] = [];
  const send = (bytes: number) => {
    const request = createPipelineRequest({ url: 'https://example.com', method: 'PUT' });
    request.headers = createHttpHeaders({ 'Content-Length': String(bytes) });
    return policy.sendRequest(request, async (sent) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return { request: sent, status: 201, headers: createHttpHeaders() };
    });
  };
  const large = send(8 * 1024 * 1024);
  await assert.rejects(send(0), { code: 'ETIMEDOUT' });
  for (const answer of answers) answer();
  assert.equal((await large).status, 201);
});

test('a reader that takes its time is not taken for a silence', async () => {
  const limits = { answerMs: 1, idleMs: 50 };
  const slow = new PassThrough();
  const reading = flowing(slow, limits)[Symbol.asyncIterator]();
  slow.write('first');
  assert.equal(String((await reading.next()).value), 'first');
  // Its limit began later, so that the reader's has passed when this one has.
  await assert.rejects(readAll(flowing(new PassThrough(), limits)), { code: 'ETIMEDOUT' });
  slow.end('last');
  assert.equal(String((await reading.next()).value), 'last');
  assert.equal((await reading.next()).done, true);
});
