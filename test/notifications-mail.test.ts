import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Failure } from '../shared/errors.ts';
import { sendMail } from '../shared/notifications/mail.ts';
import { type MailSettings, mailSchema } from '../shared/settings/notifications.ts';
import { environmentSecrets } from '../shared/settings/secrets.ts';
import { body, header, type MailServer, startMailServer } from './support/mail-server.ts';

const password = 'canary "1&mail=secret/+ü';
const secrets = environmentSecrets({ SECRET_MAIL: password, SECRET_WRONG: `${password}-wrong` });
const login = { user: 'robot', secret: 'mail' };
const message = { id: 'abc123', subject: 'Failed: Ünï', text: 'Line one\n.\nLäst line\n', troubles: [] };

function settingsFor(
  server: Pick<MailServer, 'port' | 'caPem'>,
  more: Partial<MailSettings> = {},
): MailSettings {
  return mailSchema.parse({
    host: 'localhost',
    port: server.port,
    from: 'Integration Client <client@example.com>',
    to: ['one@example.com', 'two@example.com'],
    certificateAuthority: server.caPem,
    ...more,
  });
}

async function failsWith(
  work: Promise<unknown>,
  kind: Failure['kind'],
  code: string,
  words: RegExp,
): Promise<void> {
  const error = await work.then(
    (answer) => assert.fail(`it was sent: ${answer}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.kind, error.code], [kind, code], error.message);
  assert.match(error.message, words);
  assert.ok(!error.message.includes('\n'));
  assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes('canary'), 'it carries no secret');
}

for (const security of ['starttls', 'tls', 'none'] as const)
  for (const withLogin of [true, false]) {
    // A password is not sent over a connection without encryption: the settings refuse it.
    if (security === 'none' && withLogin) continue;
    test(`a message arrives over ${security}, ${withLogin ? 'with a login' : 'without one'}`, async (t) => {
      const server = await startMailServer(t, {
        security,
        ...(withLogin ? { login: { user: login.user, password } } : {}),
      });
      const answer = await sendMail(
        settingsFor(server, { security, ...(withLogin ? { login } : {}) }),
        secrets,
        message,
      );
      assert.equal(answer, '250 2.0.0 taken as 1');
      const [mail] = server.mails;
      assert.ok(mail);
      assert.deepEqual([mail.from, mail.to], ['client@example.com', ['one@example.com', 'two@example.com']]);
      assert.equal(mail.secure, security !== 'none');
      assert.equal(mail.user, withLogin ? 'robot' : undefined);
      assert.equal(body(mail), message.text.replaceAll('\n', '\r\n'));
      assert.match(header(mail, 'Subject') ?? '', /=\?UTF-8\?|Integration Client/);
      assert.match(header(mail, 'Message-ID') ?? '', /^<abc123@/);
      assert.equal(header(mail, 'Auto-Submitted'), 'auto-generated');
      assert.ok(!mail.source.includes('canary'));
    });
  }

test('a password without encryption is refused when it is saved', () => {
  const result = mailSchema.safeParse({
    host: 'mail.example.com',
    security: 'none',
    login,
    from: 'a@example.com',
    to: ['b@example.com'],
  });
  assert.match(result.error?.issues[0]?.message ?? '', /not sent over a connection without encryption/);
});

test('nothing is sent where encryption is wanted and not had', async (t) => {
  const server = await startMailServer(t, { security: 'none', login: { user: 'robot', password } });
  await failsWith(
    sendMail(settingsFor(server, { login }), secrets, message),
    'terminal',
    'mail-encryption',
    /Encryption and Port/,
  );
  assert.deepEqual([server.mails, server.logins], [[], []]);
});

test('a server whose certificate is not trusted gets neither login nor message', async (t) => {
  for (const security of ['starttls', 'tls'] as const) {
    const server = await startMailServer(t, { security, login: { user: 'robot', password } });
    const { certificateAuthority: _own, ...rest } = settingsFor(server, { security, login });
    await failsWith(
      sendMail(rest, secrets, message),
      'terminal',
      'mail-certificate',
      /certificate authority/,
    );
    assert.deepEqual([server.mails, server.logins], [[], []]);
  }
});

test('a refused login is told with the server’s words, but for the password it repeats', async (t) => {
  const server = await startMailServer(t, { security: 'starttls', login: { user: 'robot', password } });
  const wrong = settingsFor(server, { login: { user: 'robot', secret: 'wrong' } });
  await failsWith(
    sendMail(wrong, secrets, message),
    'terminal',
    'mail-login',
    /535 .*no such login robot \*\*\*/,
  );
  const nowhere = settingsFor(server, { login: { user: 'robot', secret: 'absent' } });
  await failsWith(sendMail(nowhere, secrets, message), 'terminal', 'secret-missing', /SECRET_ABSENT/);
});

test('what the server refuses is told: for good, or for now', async (t) => {
  const server = await startMailServer(t, {
    security: 'starttls',
    refuse: ({ source }) =>
      source.includes('later')
        ? { code: 451, text: '4.3.0 try later' }
        : { code: 554, text: '5.7.1 looks like spam' },
  });
  await failsWith(
    sendMail(settingsFor(server), secrets, message),
    'terminal',
    'mail-refused',
    /554 5\.7\.1 looks like spam/,
  );
  await failsWith(
    sendMail(settingsFor(server), secrets, { ...message, text: 'later' }),
    'transient',
    'mail-deferred',
    /451 4\.3\.0 try later/,
  );
  const unknown = settingsFor(server, { to: ['nobody@example.com'] });
  await failsWith(
    sendMail(unknown, secrets, message),
    'terminal',
    'mail-refused',
    /550 5\.1\.1 no such mailbox/,
  );
});

test('one recipient that is refused does not keep it from the others, and is told', async (t) => {
  const server = await startMailServer(t, { security: 'starttls' });
  const settings = settingsFor(server, { to: ['one@example.com', 'nobody@example.com'] });
  assert.match(await sendMail(settings, secrets, message), /^250 .*\(refused: nobody@example\.com\)$/);
  assert.deepEqual(server.mails[0]?.to, ['one@example.com']);
});

test('a server that is not there is told as that', async (t) => {
  const server = await startMailServer(t, { security: 'none' });
  await server.close();
  await failsWith(
    sendMail(settingsFor(server), secrets, message),
    'transient',
    'mail-unreachable',
    /ECONNREFUSED/,
  );
});

test('text that came from outside makes no headers', async (t) => {
  const server = await startMailServer(t, { security: 'none' });
  const subject = 'Failed: x\r\nBcc: everybody@example.com';
  await sendMail(settingsFor(server, { security: 'none' }), secrets, { ...message, subject });
  const [mail] = server.mails;
  assert.ok(mail);
  assert.equal(header(mail, 'Bcc'), undefined);
  assert.deepEqual(mail.to, ['one@example.com', 'two@example.com']);
});

test('a password that was changed is read anew when the remembered one is refused', async (t) => {
  const server = await startMailServer(t, { security: 'starttls', login: { user: 'robot', password } });
  const remembered = {
    get: async (_name: string, refused?: string) => (refused === undefined ? 'old canary' : password),
  };
  assert.match(await sendMail(settingsFor(server, { login }), remembered, message), /^250 /);
  assert.equal(server.logins.length, 2);
});
