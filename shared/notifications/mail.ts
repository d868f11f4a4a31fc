import { createTransport } from 'nodemailer';
import { Failure } from '../errors.ts';
import type { MailSettings } from '../settings/notifications.ts';
import type { SecretStore } from '../settings/secrets.ts';
import type { Message } from './message.ts';
import { said } from './said.ts';

/** Sends it, and gives what the server answered. Throws `Failure` with one line that tells what went wrong, and where. */
export async function sendMail(
  settings: MailSettings,
  secrets: SecretStore,
  message: Message,
): Promise<string> {
  const { login } = settings;
  const password = login && (await secrets.get(login.secret));
  try {
    return await send(settings, password, message);
  } catch (error) {
    if (!login || !(error instanceof Failure) || error.code !== 'mail-login') throw error;
    // It may have been changed since it was read, and remembered.
    const other = await secrets.get(login.secret, password);
    if (other === password) throw error;
    return send(settings, other, message);
  }
}

async function send(
  settings: MailSettings,
  password: string | undefined,
  { id, subject, text }: Message,
): Promise<string> {
  const { host, port, security, login, from, to, subjectPrefix, certificateAuthority: ca } = settings;
  const withLogin = login && password !== undefined ? { user: login.user, pass: password } : undefined;
  const transport = createTransport({
    host: host.replace(/^\[|\]$/g, ''),
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(withLogin ? { auth: withLogin } : {}),
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    dnsTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const hidden = withLogin ? [withLogin.pass, `\0${withLogin.user}\0${withLogin.pass}`] : [];
  try {
    const { response, rejected } = await transport.sendMail({
      from,
      to,
      subject: `${subjectPrefix} ${subject}`.trim(),
      text,
      messageId: `<${id}@integration-client>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    });
    const refused = rejected.length > 0 ? ` (refused: ${rejected.map(addressOf).join(', ')})` : '';
    return said(`${response}${refused}`, hidden);
  } catch (error) {
    throw mailFailure(error, `The SMTP server ${host}:${port}`, hidden);
  } finally {
    transport.close();
  }
}

function addressOf(recipient: string | { readonly address?: string | undefined }): string {
  return typeof recipient === 'string' ? recipient : (recipient.address ?? '');
}

/** As the library throws them. */
interface Thrown {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly message?: string;
}

/** What was thrown is not kept as the cause: it can quote the conversation. */
function mailFailure(error: unknown, where: string, hidden: readonly string[]): Failure {
  const { code = '', responseCode, response, message = '' } = error as Thrown;
  const answer = response ? `: ${said(response, hidden)}` : '';
  const why = said(message, hidden);
  const terminal = (name: string, line: string) => new Failure('terminal', name, `${where} ${line}`);
  if (code === 'EAUTH')
    return terminal('mail-login', `refused the login${answer || `: ${why}`}. Check user and secret.`);
  if (code === 'ETLS')
    return terminal('mail-encryption', `gave no encrypted connection: ${why}. Check Encryption and Port.`);
  if (/certificate|unable to verify|self-signed|altnames/i.test(message))
    return terminal(
      'mail-certificate',
      `has a certificate that is not trusted: ${why}. Set its certificate authority.`,
    );
  if (responseCode !== undefined && responseCode >= 500)
    return terminal('mail-refused', `refused the message${answer}. Check From and To.`);
  if (responseCode !== undefined)
    return new Failure('transient', 'mail-deferred', `${where} does not take the message now${answer}.`);
  const words = why === '' ? code : why;
  return new Failure(
    'transient',
    'mail-unreachable',
    `${where} could not be reached or broke off: ${words}.`,
  );
}
