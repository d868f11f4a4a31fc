import { z } from 'zod';
import { secretName, slug } from './names.ts';

/** A BeyondTrust appliance's public site (IC guide: Site Configuration). */
export const siteSchema = z
  .strictObject({
    id: slug.meta({ title: 'Id', description: 'Short and permanent; part of keys.' }),
    name: z.string().min(1).max(200).meta({ title: 'Name' }),
    host: z
      .string()
      .regex(
        /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:\d{1,5})?$/,
        'give the host name alone, without https:// and without a path',
      )
      .meta({ title: 'Host', description: 'Host name of the site, without https://; a port may follow.' }),
    hostName: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/)
      .max(255)
      .optional()
      .meta({
        title: 'Recorded host name',
        description:
          'What stands in host_name and %SUPPORT_SITE_HOST%. Defaults to Host without its port. Part of what identifies stored items: keep it when the address changes.',
      }),
    product: z
      .enum(['RS', 'PRA'])
      .optional()
      .meta({ title: 'Product', description: 'Found by asking the appliance when left out.' }),
    account: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('oauth'), clientId: z.string().min(1), secret: secretName }),
        z.strictObject({ kind: z.literal('legacy'), username: z.string().min(1), secret: secretName }),
      ])
      .meta({
        title: 'API account',
        description:
          'oauth: client id, and the name of its secret (16.1 and later). legacy: user name and password.',
      }),
    backupPassword: secretName.optional().meta({
      title: 'Backup password',
      description:
        'Name of the secret that protects backups, NAME or NAME/VERSION. Keep its old versions: a backup opens with the one it was made with.',
    }),
    eventSecret: secretName.optional().meta({
      title: 'Secret for events',
      description:
        'Name of a secret of at least 16 characters. The appliance posts its outbound events to …/api/events/SECRET; a session that has ended is then pulled at once.',
    }),
    ticketSecret: secretName.optional().meta({
      title: 'Secret for ticket requests',
      description:
        'PRA. Name of a secret of at least 16 characters. The appliance posts its requests for the approval of a ticket to …/api/ticket-requests/SECRET (/login > Jump > Jump Policies, Ticket System URL).',
    }),
    certificateAuthority: z
      .string()
      .regex(/-----BEGIN CERTIFICATE-----/, 'give PEM text')
      .optional()
      .meta({
        title: 'Certificate authority',
        description: 'PEM, for an appliance with a certificate of your own authority.',
      }),
    nothingFound: z.array(z.string().min(1).max(500)).max(20).optional().meta({
      title: 'Texts for "nothing found"',
      description:
        'Only for an appliance in a language other than English or French that has no session yet: the error text with which it answers a report that finds nothing.',
    }),
    concurrency: z.int().min(1).max(16).default(4).meta({
      title: 'Concurrent requests',
      description: 'How many requests may be under way at the site at once, over all instances.',
    }),
    requestsPerSecond: z.number().positive().max(100).default(20).meta({ title: 'Requests per second' }),
    requestsPerHour: z.number().positive().max(100_000).default(15_000).meta({ title: 'Requests per hour' }),
    openSessionHours: z.number().positive().max(2160).default(72).meta({
      title: 'Hours until a session without end counts as abnormally closed',
      description: 'It is then stored as it is; if it closes after all, the new content is stored as well.',
    }),
    recordingRetryHours: z.number().min(0).max(2160).default(24).meta({
      title: 'Hours until a refused recording is set aside',
      description:
        'How long a recording (or another file) that is not ready, or is refused, is asked for again, with growing pauses, from the first refusal on. 0: it is set aside at once.',
    }),
    applianceKeepsDays: z.int().min(2).max(3650).default(90).meta({
      title: 'Days that the appliance keeps',
      description:
        'How long the appliance keeps session data and recordings. What is older and not stored is lost: it is counted apart, and ten days before there is an alarm.',
    }),
  })
  .meta({ id: 'Site' });

export type Site = z.infer<typeof siteSchema>;

/** The recorded host name: `host_name`, `%SUPPORT_SITE_HOST%`. */
export function recordedHost(site: Site): string {
  return (
    site.hostName ??
    site.host
      .replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '')
      .replaceAll(':', '-')
  );
}
