import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import { SecretClient } from '@azure/keyvault-secrets';
import { connectAppliance } from '../shared/appliance/connect-appliance.ts';
import { Failure } from '../shared/errors.ts';
import { keyVaultSecrets } from '../shared/settings/key-vault-secrets.ts';
import type { SecretStore } from '../shared/settings/secrets.ts';
import { startAppliance } from './appliance/start-appliance.ts';
import { type KeyVault, startKeyVault } from './support/key-vault.ts';

const value = 'canary "1&secret=/+ü';
let vault: KeyVault;
let secrets: SecretStore;
let clock = 0;

before(async () => {
  vault = await startKeyVault();
});
after(() => vault.close());
beforeEach(() => {
  secrets = keyVaultSecrets({ ...vault, now: () => clock });
  vault.requests.length = 0;
  vault.asked.length = 0;
  vault.faults.length = 0;
  vault.rights.clear();
  vault.rights.add('get');
  vault.challengeResource = 'https://vault.azure.net';
});

const minutes = (count: number) => {
  clock += count * 60_000;
};

async function failsWith(
  work: Promise<unknown>,
  kind: Failure['kind'],
  code: string,
  words: RegExp,
): Promise<Failure> {
  const error = await work.then(
    () => assert.fail('it was done'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code], error.message);
  assert.match(error.message, words);
  assert.ok(!error.message.includes('\n'));
  const everything = inspect(error, { depth: 20, showHidden: true });
  assert.ok(
    !everything.includes(value) && !everything.includes('vault-token-'),
    'it carries no secret or token',
  );
  return error;
}

test('a secret is read after the challenge, with a token for the vault’s own resource and tenant', async () => {
  vault.set('api', value);
  assert.equal(await secrets.get('api'), value);
  assert.deepEqual(
    vault.requests.map(({ method, path, authorized }) => `${method} ${path} ${authorized}`),
    ['GET /secrets/api/ false', 'GET /secrets/api/ true'],
  );
  assert.deepEqual(vault.asked, [
    { scope: 'https://vault.azure.net/.default', tenant: '72f988bf-0000-0000-0000-2d7cd011db47' },
  ]);
});

test('a version is read where one is named, else the newest', async () => {
  const first = vault.set('versions', 'one');
  vault.set('versions', 'two');
  assert.equal(await secrets.get(`versions/${first}`), 'one');
  assert.equal(await secrets.get('versions'), 'two');
  await failsWith(
    secrets.get(`versions/${'0'.repeat(32)}`),
    'terminal',
    'secret-missing',
    /"versions\/0+" is not in/,
  );
});

test('the stand-in pages versions as the vault does', async () => {
  for (let at = 0; at < 30; at++) vault.set('paged', `value ${at}`);
  const client = new SecretClient(vault.url, vault.credential, vault.client);
  const found: (string | undefined)[] = [];
  for await (const { version } of client.listPropertiesOfSecretVersions('paged')) found.push(version);
  assert.equal(new Set(found).size, 30);
});

test('a value is remembered for minutes, and asked for once by many at once', async () => {
  vault.set('kept', 'old');
  await Promise.all(Array.from({ length: 20 }, () => secrets.get('kept')));
  const read = () => vault.requests.filter(({ authorized }) => authorized).length;
  assert.equal(read(), 1);
  vault.set('kept', 'new');
  assert.equal(await secrets.get('kept'), 'old');
  minutes(6);
  assert.equal(await secrets.get('kept'), 'new');
  assert.equal(read(), 2);
});

test('a value that was refused where it was used is read anew, but not without end', async () => {
  vault.set('rotated', 'old');
  assert.equal(await secrets.get('rotated'), 'old');
  minutes(1);
  vault.set('rotated', 'new');
  assert.equal(await secrets.get('rotated', 'older'), 'old');
  assert.equal(await secrets.get('rotated', 'old'), 'new');
  const before = vault.requests.length;
  for (let at = 0; at < 10; at++) assert.equal(await secrets.get('rotated', 'new'), 'new');
  assert.equal(vault.requests.length, before);
});

test('a token that the vault no longer takes is replaced', async () => {
  vault.set('again', value);
  await secrets.get('again');
  vault.revokeTokens();
  minutes(6);
  assert.equal(await secrets.get('again'), value);
  assert.equal(vault.asked.length, 2);
});

test('what the vault refuses is said on one line that tells what to do', async () => {
  vault.set('there', value);
  const disabled = vault.set('off', value, { enabled: false });
  assert.ok(disabled);
  vault.set('expired', value, { exp: 1_700_000_000 });
  vault.set('early', value, { nbf: Math.floor(Date.now() / 1000) + 3600 });
  await failsWith(
    secrets.get('absent'),
    'terminal',
    'secret-missing',
    /"absent" is not in the Key Vault integration-test/,
  );
  await failsWith(secrets.get('off'), 'terminal', 'secret-disabled', /enable it/);
  await failsWith(
    secrets.get('expired'),
    'terminal',
    'secret-expired',
    /expired at 2023-11-14.*set a new version/,
  );
  await failsWith(secrets.get('early'), 'terminal', 'secret-not-yet-valid', /valid from/);
  vault.faults.push('firewall');
  await failsWith(secrets.get('there'), 'terminal', 'key-vault-forbidden', /firewall.*private endpoint/);
  vault.rights.clear();
  await failsWith(secrets.get('there'), 'terminal', 'key-vault-forbidden', /Key Vault Secrets User/);
  vault.rights.add('get');
  vault.faults.push('throttled');
  const throttled = await failsWith(secrets.get('there'), 'transient', 'key-vault-throttled', /429/);
  assert.equal(throttled.retryAfterMs, 7000);
  vault.faults.push('server-error');
  await failsWith(secrets.get('there'), 'transient', 'key-vault-error', /500/);
  vault.faults.push('cut-off');
  await failsWith(secrets.get('there'), 'transient', 'key-vault-unreachable', /cannot be reached/);
  const nowhere = keyVaultSecrets({ ...vault, url: 'https://integration-test.vault.azure.net:1' });
  await failsWith(nowhere.get('there'), 'transient', 'key-vault-unreachable', /ECONNREFUSED/);
  assert.throws(() => keyVaultSecrets({ ...vault, url: 'http://plain.vault.azure.net' }), {
    code: 'bad-setting',
  });
});

test('a vault whose certificate is not trusted gets nothing', async () => {
  const before = vault.requests.length;
  const distrusting = keyVaultSecrets({
    url: vault.url.replace('integration-test.vault.azure.net', 'localhost'),
    credential: vault.credential,
    client: { retryOptions: { maxRetries: 0 } },
  });
  await failsWith(distrusting.get('there'), 'transient', 'key-vault-unreachable', /cannot be reached/);
  assert.deepEqual([vault.requests.length, vault.asked.length], [before, 0]);
});

test('no token goes to one that is not the vault it says it is', async () => {
  vault.set('there', value);
  vault.challengeResource = 'https://vault.example.com';
  await failsWith(secrets.get('there'), 'terminal', 'key-vault-address', /No token was sent/);
  assert.deepEqual(vault.asked, []);
});

test('without an identity the line says so', async () => {
  const failing = Object.assign(new Error('no identity here'), { name: 'CredentialUnavailableError' });
  const nobody = keyVaultSecrets({ ...vault, credential: { getToken: () => Promise.reject(failing) } });
  await failsWith(nobody.get('there'), 'terminal', 'key-vault-identity', /managed identity/);
});

test('a vault that is away does not stop work with a secret that was read within the hour', async () => {
  vault.set('steady', value);
  await secrets.get('steady');
  minutes(30);
  vault.faults.push('throttled');
  assert.equal(await secrets.get('steady'), value);
  assert.equal(vault.faults.length, 0, 'it was asked');
  minutes(31);
  vault.faults.push('server-error');
  await failsWith(secrets.get('steady'), 'transient', 'key-vault-error', /500/);
  // What the owner has taken away is gone at once.
  await secrets.get('steady');
  minutes(6);
  vault.change('steady', { enabled: false });
  await failsWith(secrets.get('steady'), 'terminal', 'secret-disabled', /disabled/);
});

test('a secret is set with the role for it, and used from then on', async () => {
  assert.ok(secrets.set);
  vault.set('writable', 'old');
  await secrets.get('writable');
  await failsWith(
    secrets.set('writable', value),
    'terminal',
    'key-vault-forbidden',
    /Key Vault Secrets Officer/,
  );
  vault.rights.add('set');
  await secrets.set('writable', value);
  assert.equal(await secrets.get('writable'), value);
  vault.faults.push('cut-off');
  await failsWith(secrets.set('writable', value), 'transient', 'key-vault-unreachable', /could not be set/);
  await failsWith(secrets.set(`writable/${'0'.repeat(32)}`, value), 'terminal', 'bad-request', /name alone/);
});

for (const kind of ['oauth', 'legacy'] as const)
  test(`a secret that was rotated works without a restart (${kind})`, async (t) => {
    const account = { kind, id: 'client', secret: `rotated-${kind}` } as const;
    const appliance = await startAppliance({
      product: 'RS',
      seed: 5,
      sessions: 1,
      from: 1_700_000_000,
      to: 1_700_100_000,
      accounts: [account],
    });
    t.after(() => appliance.close());
    vault.set(`account-${kind}`, 'before the rotation');
    const client = connectAppliance({
      site: {
        id: 'main',
        name: 'Main',
        host: appliance.address,
        product: 'RS',
        ca: appliance.caPem,
        auth: kind === 'oauth' ? { kind, clientId: 'client' } : { kind, username: 'client' },
      },
      secret: (refused) => secrets.get(`account-${kind}`, refused),
      retry: { attempts: 1 },
    });
    t.after(() => client.close());
    await failsWith(client.info(), 'terminal', 'wrong-secret', /Main/);
    clock += 10_000;
    vault.set(`account-${kind}`, account.secret);
    assert.equal((await client.info()).product, 'RS');
  });
