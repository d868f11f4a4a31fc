import { IANAZone } from 'luxon';
import { z } from 'zod';
import { anyText, customAttributes } from '../appliance/command-api/parameters.ts';
import { secretName, slug } from './names.ts';
import { webhookSchema } from './notifications.ts';
import type { Settings } from './settings.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const pattern = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/\p{C}/u.test(text), 'give printable characters')
  .meta({
    title: 'Pattern',
    description: '* stands for any text, ? for one character, # for one digit; case does not matter.',
  });
const patterns = (title: string, description: string) =>
  z.array(pattern).min(1).max(100).optional().meta({ title, description });

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'give a time as HH:MM');

const hoursSchema = z
  .strictObject({
    from: timeOfDay.meta({ title: 'From' }),
    to: timeOfDay.meta({ title: 'To', description: 'Not included. Earlier than From: on the next day.' }),
    weekdays: z.array(z.enum(weekdays)).min(1).max(7).optional().meta({
      title: 'Weekdays',
      description: 'On which the hours begin. Left out: every day.',
    }),
    timeZone: z
      .string()
      .refine((zone) => IANAZone.isValidZone(zone), 'give an IANA time zone, like Europe/Berlin')
      .meta({ title: 'Time zone' }),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'From and To are the same' })
  .meta({ title: 'Hours' });

const denial = anyText('Shown to the user who is denied. At most 255 characters.', { most: 255 });

const decision = z.enum(['allow', 'deny', 'forward']).meta({
  title: 'Decision',
  description: 'forward: the ticket system decides.',
});

const ruleSchema = z
  .strictObject({
    name: z.string().min(1).max(100).meta({
      title: 'Name',
      description: 'Stands in the audit log with what the rule decided.',
    }),
    decision,
    sites: z.array(slug).min(1).max(200).optional().meta({ title: 'Sites' }),
    tickets: patterns('Tickets', 'Ticket IDs, of which one has to fit.'),
    users: patterns('Users', 'User names, of which one has to fit.'),
    groups: patterns('Jump Groups', 'Jump Groups of the Jump Item, of which one has to fit.'),
    hours: hoursSchema.optional(),
    message: denial.optional().meta({ title: 'Message' }),
    custom: customAttributes.optional().meta({
      title: 'Session custom fields',
      description: 'Set for the session that is allowed, by code name.',
    }),
  })
  .refine(({ decision: made, message }) => message === undefined || made === 'deny', {
    path: ['message'],
    error: 'only who is denied is shown a message',
  })
  .refine(({ decision: made, custom }) => custom === undefined || made === 'allow', {
    path: ['custom'],
    error: 'only a session that is allowed has custom fields',
  })
  .meta({
    title: 'Rule',
    description: 'Decides when all that it names fits. The first rule that fits decides.',
  });

/** How requests for the approval of a ticket are decided (API guide, appendix: Require a Ticket ID). */
export const ticketApprovalSchema = z
  .strictObject({
    keySecret: secretName.meta({
      title: 'Key',
      description:
        'Name of a secret of at least 32 characters. Ticket IDs are known by their hash under it alone, and what waits for a decision is encrypted with it. When it is changed, hashes change.',
    }),
    rules: z.array(ruleSchema).max(200).default([]).meta({ title: 'Rules' }),
    otherwise: decision.default('deny').meta({
      title: 'Otherwise',
      description: 'The decision when no rule fits.',
    }),
    otherwiseMessage: denial.optional().meta({ title: 'Message when no rule fits' }),
    ticketSystem: webhookSchema.optional().meta({
      title: 'Ticket system',
      description:
        'Where forwarded requests are posted to. It answers at once, or later at …/api/ticket-answers/ID, signed with the same secret.',
    }),
    waitMinutes: z.int().min(1).max(60).default(5).meta({
      title: 'Minutes until a forwarded request is denied',
      description: 'The user waits as long; the appliance may give up before.',
    }),
    lateMessage: denial.default('The ticket system did not answer in time.').meta({
      title: 'Message when the ticket system does not answer',
    }),
  })
  .meta({ title: 'Ticket approval' });

export type TicketApproval = z.infer<typeof ticketApprovalSchema>;
export type TicketRule = z.infer<typeof ruleSchema>;

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What sites and ticket approval have to agree in. */
export function ticketFaults({ sites, application: { ticketApproval } }: Settings): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, { ticketSecret, product }] of sites.entries()) {
    if (ticketSecret === undefined) continue;
    const fault = (message: string) => faults.push({ path: ['sites', index, 'ticketSecret'], message });
    if (ticketApproval === undefined) fault('ticket approval is not set: application.ticketApproval');
    if (product === 'RS') fault('Remote Support has no approval by ticket');
    if (seen.has(ticketSecret)) fault('another site has the same one: each needs its own');
    seen.add(ticketSecret);
  }
  if (ticketApproval === undefined) return faults;
  const path = ['application', 'ticketApproval'];
  const { rules, otherwise, otherwiseMessage, ticketSystem } = ticketApproval;
  const nowhere = 'there is no ticket system to forward to: ticketSystem';
  const known = new Set(sites.map(({ id }) => id));
  for (const [index, rule] of rules.entries()) {
    if (rule.decision === 'forward' && !ticketSystem)
      faults.push({ path: [...path, 'rules', index, 'decision'], message: nowhere });
    for (const site of rule.sites ?? [])
      if (!known.has(site))
        faults.push({ path: [...path, 'rules', index, 'sites'], message: `there is no site "${site}"` });
  }
  if (otherwise === 'forward' && !ticketSystem)
    faults.push({ path: [...path, 'otherwise'], message: nowhere });
  if (otherwiseMessage !== undefined && otherwise !== 'deny')
    faults.push({ path: [...path, 'otherwiseMessage'], message: 'only who is denied is shown a message' });
  return faults;
}
