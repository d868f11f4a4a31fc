import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { MailSettings } from '../../shared/settings/notifications.ts';
import { makeAuthority, makeServerCertificate } from '../appliance/certificate.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it was sent: headers and body. */
  readonly source: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServerOptions {
  readonly security: MailSettings['security'];
  /** A server that wants this login; absent: it has none. */
  readonly login?: { readonly user: string; readonly password: string };
  /** In place of taking the message: an error that is answered. */
  readonly refuse?: (mail: Mail) => { readonly code: number; readonly text: string } | undefined;
  readonly port?: number;
}

export interface MailServer {
  readonly port: number;
  readonly caPem: string;
  readonly mails: Mail[];
  /** Logins that were tried, as user and password. */
  readonly logins: string[];
  /** How many connections there were. */
  connections(): number;
  close(): Promise<void>;
}

const authority = await makeAuthority();
const certificate = await makeServerCertificate(authority, 'mail.example.com');

/** A real SMTP server on loopback; closed with the test. */
export async function startMailServer(context: TestContext, options: MailServerOptions): Promise<MailServer> {
  const { security, login, refuse } = options;
  const mails: Mail[] = [];
  const logins: string[] = [];
  let connections = 0;
  const settings: SMTPServerOptions = {
    secure: security === 'tls',
    key: certificate.keyPem,
    cert: certificate.certificatePem,
    authOptional: login === undefined,
    disabledCommands: [...(security === 'starttls' ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    onConnect(_session, done) {
      connections++;
      done();
    },
    onAuth({ username = '', password }, _session, done) {
      logins.push(`${username} ${password}`);
      if (username === login?.user && password === login.password) return done(null, { user: username });
      // As some servers do: it says what it was sent.
      done(Object.assign(new Error(`5.7.8 no such login ${username} ${password}`), { responseCode: 535 }));
    },
    onRcptTo({ address }, _session, done) {
      if (!address.startsWith('nobody@')) return done();
      done(Object.assign(new Error('5.1.1 no such mailbox'), { responseCode: 550 }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail: Mail = {
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
          user: (session.user as string | false | undefined) || undefined,
        };
        const refused = refuse?.(mail);
        if (refused) return done(Object.assign(new Error(refused.text), { responseCode: refused.code }));
        mails.push(mail);
        done(null, `2.0.0 taken as ${mails.length}`);
      });
    },
  };
  const server = new SMTPServer(settings);
  // Clients that do not trust it break off: that is theirs to tell.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', () => resolve()));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  context.after(close);
  return {
    port: (server.server.address() as AddressInfo).port,
    caPem: authority.certificatePem,
    mails,
    logins,
    connections: () => connections,
    close,
  };
}

/** A header, unfolded; encoded words as they are. */
export function header({ source }: Mail, name: string): string | undefined {
  const head = (source.split('\r\n\r\n', 1)[0] ?? '').replaceAll(/\r\n[ \t]+/g, ' ');
  const line = head.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

/** The text of a message of one part. */
export function body({ source }: Mail): string {
  const text = source.slice(source.indexOf('\r\n\r\n') + 4);
  const encoding = header({ source } as Mail, 'Content-Transfer-Encoding');
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return text;
  const bytes = text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
