import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { filePlugin } from '../shared/destinations/file/file-plugin.ts';
import { openShareStore } from '../shared/destinations/file/share-store.ts';
import { silentLog } from '../shared/log.ts';
import { openSqliteState } from '../shared/state/sqlite-state.ts';
import { makeAuthority, makeServerCertificate } from './appliance/certificate.ts';
import { itemOf, storeIn } from './contract/file-place.ts';
import { once, pathsOf, putText, said, textAt } from './destination-file-share-support.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';

const authority = await makeAuthority();
const { keyPem: key, certificatePem: cert } = await makeServerCertificate(authority, 'files.example.com');
setDefaultCACertificates([...getCACertificates('default'), authority.certificatePem]);

const token = 'the token of the managed identity';
const identity = new AzureFiles({ tls: { key, cert }, token });
const byKey = new AzureFiles();
before(async () => {
  await identity.start();
  await byKey.start();
});
after(async () => {
  await identity.stop();
  await byKey.stop();
});

const credentialOf = (text: string) => ({
  getToken: async (scopes: string | string[]) => {
    assert.deepEqual([scopes].flat(), ['https://storage.azure.com/.default']);
    return { token: text, expiresOnTimestamp: Date.now() + 3600_000 };
  },
});

test('an identity works with every call, for each says that it comes as a backup does', async () => {
  const tree = identity.makeShare('archive');
  const { url } = identity;
  const store = openShareStore({ url, credential: credentialOf(token), share: 'archive', rangeBytes: 4 });
  assert.equal((await putText(store, 'folder/x', 'some bytes')).status, 'put');
  const replaced = await putText(store, 'folder/x', 'other bytes', true);
  assert.equal(textAt(tree, 'folder/x'), 'other bytes');
  await store.sweep(0);
  assert.ok(replaced.status === 'put' && (await store.remove('folder/x', replaced.tag)));
  assert.deepEqual(pathsOf(tree), []);
  const asked = new Set(identity.log.map(({ operation }) => operation));
  for (const operation of ['Rename File', 'Lease File', 'Set File Properties', 'Create Directory'] as const) {
    assert.ok(asked.has(operation), operation);
  }
});

test('an identity that is not let in is a terminal failure', async () => {
  const { url } = identity;
  const open = (credential: Parameters<typeof openShareStore>[0] & object) => openShareStore(credential);
  const wrong = open({ url, credential: credentialOf('of somebody else'), share: 'archive', client: once });
  await assert.rejects(wrong.stat('x'), said('terminal', 'no-access'));
  const error = Object.assign(new Error('no identity here'), { name: 'CredentialUnavailableError' });
  const none = open({
    url,
    credential: { getToken: () => Promise.reject(error) },
    share: 'archive',
    client: once,
  });
  await assert.rejects(none.stat('x'), said('terminal', 'no-identity'));
});

test('the plugin opens a share with a connection string that is named, and checks it', async () => {
  const state = openSqliteState(':memory:');
  const tree = byKey.makeShare('archive');
  const open = (connectionString: string) =>
    filePlugin.open({
      id: 'x',
      name: 'X',
      settings: filePlugin.settings.parse({
        kind: 'share',
        connectionSecret: 'storage',
        share: 'archive',
        prefix: 'site/1',
      }),
      state,
      log: silentLog,
      secret: async (name) => (name === 'storage' ? connectionString : assert.fail(name)),
    });
  const destination = await open(byKey.connectionString);
  await destination.check();
  assert.deepEqual(pathsOf(tree), []);
  assert.equal((await storeIn(destination, itemOf('a', '7'), 'bytes')).status, 'stored');
  assert.deepEqual(pathsOf(tree), ['site/1/support.example.com-support-7.flv']);
  await assert.rejects(open('AccountKey=bm90'), said('terminal', 'bad-connection-string'));
  await destination.close();
  await state.close();
});

test('the stand-in lets nobody in without token, intent or signature', async () => {
  const ask = async (url: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/archive/x`, {
      headers: { 'x-ms-version': '2026-04-06', ...headers },
    });
    return `${response.status} ${response.headers.get('x-ms-error-code')}`;
  };
  const date = { 'x-ms-date': new Date().toUTCString() };
  const bearer = { authorization: `Bearer ${token}` };
  const intent = { 'x-ms-file-request-intent': 'backup' };
  assert.equal(await ask(identity.url, { ...bearer, ...intent }), '404 ResourceNotFound');
  assert.equal(await ask(identity.url, bearer), '400 MissingRequiredHeader');
  assert.equal(
    await ask(identity.url, { authorization: 'Bearer x', ...intent }),
    '401 InvalidAuthenticationInfo',
  );
  assert.equal(await ask(byKey.url, { ...bearer, ...intent }), '401 InvalidAuthenticationInfo');
  assert.equal(await ask(byKey.url, date), '401 NoAuthenticationInformation');
  assert.equal(
    await ask(byKey.url, { ...date, authorization: 'SharedKey account:x' }),
    '403 AuthenticationFailed',
  );
});
