import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyVaultSecrets } from '../shared/settings/key-vault-secrets.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import { apiHeaders, startInstallation } from './support/installation.ts';
import { startKeyVault } from './support/key-vault.ts';
import { startMailServer } from './support/mail-server.ts';
import { tlsServer } from './tls-server-support.ts';

/** With characters that are written otherwise in JSON, URLs and mail. */
const planted = {
  mail: 'canary"mail&secret=/+ü',
  mailWrong: 'canary"wrong&secret=/+ü',
  hook: '/services/canary-hook/T0?sig=canary%2Fhook',
  sign: 'canary"sign&secret=/+ü',
  set: 'canary"set&secret=/+ü',
};

function forms(): string[] {
  const texts = [...Object.values(planted), defaultOAuthAccount.secret, 'canary'];
  return texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
    Buffer.from(`\0robot\0${text}`).toString('base64').replace(/=+$/, ''),
  ]);
}

test('secrets of vault, mail and webhook are in no log, history, run, export, setting, answer or file', async (t) => {
  const vault = await startKeyVault();
  vault.rights.add('set');
  const mail = await startMailServer(t, {
    security: 'starttls',
    login: { user: 'robot', password: planted.mail },
    // It repeats what it was sent, as badly made servers do.
    refuse: ({ source }) =>
      source.includes('Test message') ? { code: 554, text: `no ${planted.mail}` } : undefined,
  });
  const received: string[] = [];
  const hook = await tlsServer(t, (request, reply) => {
    received.push(request.url ?? '');
    request.resume();
    reply.writeHead(500).end(`broken at ${request.url} ${planted.sign}`);
  });
  vault.set('account', defaultOAuthAccount.secret);
  vault.set('mail', planted.mailWrong);
  vault.set('hook', `https://${hook.address}${planted.hook}`);
  vault.set('sign', planted.sign);
  const house = await startInstallation({
    hoursBack: 2,
    ports: (ports) => ({ ...ports, secrets: keyVaultSecrets(vault) }),
  });
  t.after(async () => {
    await house.close();
    await vault.close();
  });
  const answers: string[] = [];
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${house.stack.host.url}/api${path}`, {
      method,
      headers: { ...apiHeaders, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    answers.push(`${method} ${path} ${answer.status} ${text}`);
    return { status: answer.status, text, etag: answer.headers.get('etag') ?? '' };
  };

  await house.changeSettings((draft) => {
    draft.notifications = {
      ...draft.notifications,
      report: 'each',
      mail: {
        host: 'localhost',
        port: mail.port,
        security: 'starttls',
        login: { user: 'robot', secret: 'mail' },
        from: 'client@example.com',
        to: ['people@example.com'],
        subjectPrefix: 'IC',
        certificateAuthority: mail.caPem,
      },
      webhook: { urlSecret: 'hook', signingSecret: 'sign', certificateAuthority: hook.caPem },
    };
  });
  // A run that fails, told to a mail server that refuses the login and to a webhook that repeats what it got.
  house.appliance().faults.add({ kind: 'unauthorized' }, { request: 'backup', times: 1000 });
  const failed = await house.run();
  assert.notEqual(failed.status, 'succeeded');
  assert.deepEqual(mail.logins, [`robot ${planted.mailWrong}`]);
  assert.deepEqual(received, [planted.hook]);
  // Every way of testing and setting, with what goes wrong in it.
  await call('POST', '/notifications/test', {});
  vault.set('mail', planted.mail);
  await call('PUT', '/secrets/mail', { value: planted.mail });
  await call('PUT', '/secrets/new-one', { value: planted.set });
  await call('PUT', '/secrets/new-one', `{"value": "${planted.set}`);
  vault.faults.push('server-error');
  await call('PUT', '/secrets/new-one', { value: planted.set });
  const refused = await call('POST', '/notifications/test', { channel: 'mail' });
  assert.match(refused.text, /554 no \*\*\*/);
  house.passTime(3600);
  await house.run();
  assert.equal(mail.mails.length, 1, 'the new password is used without a restart');
  vault.rights.delete('set');
  await call('PUT', '/secrets/new-one', { value: planted.set });
  const settings = await call('GET', '/settings');
  const exported = await call('GET', '/settings/export');
  await call('POST', '/settings/import', exported.text, { 'if-match': settings.etag });
  await call('PUT', '/settings', settings.text.replace('running', 'stopped'), { 'if-match': settings.etag });
  for (const path of [
    '/settings/history',
    '/settings/history/1',
    '/secrets',
    '/notifications',
    '/runs',
    `/runs/${failed.id}`,
  ])
    assert.equal((await call('GET', path)).status, 200, path);

  const places = new Map<string, Buffer>([
    ['the log', Buffer.from(JSON.stringify(house.log.lines))],
    ['answers of the API', Buffer.from(JSON.stringify(answers) + answers.join('\n'))],
    ['mails', Buffer.from(mail.mails.map(({ source }) => source).join('\n'))],
  ]);
  // Databases are read as bytes: what was deleted or replaced counts as well.
  for (const name of readdirSync(house.data.folder, { recursive: true }) as string[]) {
    const path = join(house.data.folder, name);
    if (statSync(path).isFile() && path !== house.data.secrets) places.set(path, readFileSync(path));
  }
  assert.ok(existsSync(house.data.state) && places.has(house.data.state) && places.has(house.data.host));
  assert.ok(house.log.lines.some(({ message }) => message === 'A notification could not be sent'));
  for (const [place, bytes] of places)
    for (const text of forms()) assert.ok(!bytes.includes(text), `${place} holds ${text}`);
});
