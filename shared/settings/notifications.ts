import { z } from 'zod';
import { secretName } from './names.ts';

const address = z
  .string()
  .max(320)
  .regex(
    /^([^<>\r\n"]{1,200} )?<?[^\s<>@"]+@[^\s<>@"]+>?$/,
    'give a mail address, as user@example.com or Name <user@example.com>',
  );

const certificateAuthority = z
  .string()
  .regex(/-----BEGIN CERTIFICATE-----/, 'give PEM text')
  .optional()
  .meta({ title: 'Certificate authority', description: 'PEM, for a server with a certificate of your own.' });

export const mailSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)$/, 'give the host name alone')
      .meta({ title: 'SMTP server' }),
    port: z.int().min(1).max(65_535).default(587).meta({
      title: 'Port',
      description: 'Usually 587 with STARTTLS, 465 with TLS, 25 with none.',
    }),
    security: z.enum(['starttls', 'tls', 'none']).default('starttls').meta({
      title: 'Encryption',
      description:
        'starttls: the connection is encrypted after the greeting, and nothing is sent if the server cannot. tls: from the start. none: not at all.',
    }),
    login: z
      .strictObject({
        user: z.string().min(1).max(320).meta({ title: 'User name' }),
        secret: secretName.meta({ title: 'Password', description: 'Name of the secret.' }),
      })
      .optional()
      .meta({ title: 'Login', description: 'Left out for a server that needs none.' }),
    from: address.meta({ title: 'From' }),
    to: z.array(address).min(1).max(50).meta({ title: 'To' }),
    subjectPrefix: z
      .string()
      .max(60)
      .regex(/^[^\r\n]*$/)
      .default('[Integration Client]')
      .meta({ title: 'Prefix of the subject' }),
    certificateAuthority,
  })
  .refine(
    ({ security, login }) => security !== 'none' || login === undefined,
    'login: a password is not sent over a connection without encryption',
  )
  .meta({ title: 'SMTP' });

const isLoopback = (host: string) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

/** Why a URL that is written into the settings is refused; `undefined` when it may stand there. */
export function refusedUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'give a URL that begins with https://';
  const { protocol, hostname, username, password, search } = new URL(text);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    return 'give a URL that begins with https://';
  if (username || password || search)
    return 'a URL with a key in it belongs into a secret: name that in urlSecret';
  return undefined;
}

export const webhookSchema = z
  .strictObject({
    url: z
      .string()
      .max(2000)
      .superRefine((text, context) => {
        const message = refusedUrl(text);
        if (message) context.addIssue({ code: 'custom', message });
      })
      .optional()
      .meta({ title: 'URL', description: 'An address that is no secret. Redirects are not followed.' }),
    urlSecret: secretName.optional().meta({
      title: 'URL, as a secret',
      description: 'Name of the secret with the URL, where whoever knows the URL can use it (chat systems).',
    }),
    signingSecret: secretName.optional().meta({
      title: 'Signing secret',
      description:
        'Name of the secret with which messages are signed (HMAC-SHA256): the headers webhook-id, webhook-timestamp and webhook-signature as the Standard Webhooks specification has them.',
    }),
    certificateAuthority,
  })
  .refine(
    ({ url, urlSecret }) => (url === undefined) !== (urlSecret === undefined),
    'give either url or urlSecret',
  )
  .meta({ title: 'Webhook' });

/** IC guide: Notification Settings. Nothing is sent while there is neither `mail` nor `webhook`. */
export const notificationSchema = z
  .strictObject({
    mail: mailSchema.optional(),
    webhook: webhookSchema.optional(),
    report: z.enum(['once', 'each']).default('once').meta({
      title: 'Report',
      description:
        'once: the same trouble is reported when it begins, then in a digest while it lasts, then when it is over. each: each time it happens.',
    }),
    digestHours: z.int().min(1).max(168).default(24).meta({ title: 'Hours between digests' }),
    failedRuns: z.boolean().default(true).meta({ title: 'Failed runs' }),
    partialRuns: z.boolean().default(true).meta({
      title: 'Partial runs',
      description: 'Something could not be stored yet, or was set aside.',
    }),
    alarms: z.boolean().default(true).meta({
      title: 'Alarms',
      description: 'Clocks that jumped, files whose evidence is in doubt, and the like.',
    }),
    silencePeriods: z.int().min(0).max(1000).default(3).meta({
      title: 'Silence',
      description:
        'Report a schedule without a successful run for this many of its periods, and for an hour at least. 0: never.',
    }),
    ledgerItems: z.int().min(0).max(1_000_000).default(100).meta({
      title: 'Growing ledger',
      description:
        'Report a site and data type that owes this many files or more, and more than a day before. 0: never.',
    }),
  })
  .meta({ id: 'NotificationSettings', title: 'Notification Settings' });

export type MailSettings = z.infer<typeof mailSchema>;
export type WebhookSettings = z.infer<typeof webhookSchema>;
export type NotificationSettings = z.infer<typeof notificationSchema>;
