import { z } from 'zod';
import { type ChannelState, channelState } from '../notifications/deliver.ts';
import { sendTest } from '../notifications/test-message.ts';
import { listTroubles } from '../notifications/trouble-store.ts';
import { notificationSchema } from '../settings/notifications.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { type Operation, operation } from './operation.ts';
import { badRequest } from './problem.ts';
import { failureSchema } from './run-answers.ts';

const channelSchema = z.enum(['mail', 'webhook']);

const testSchema = z.strictObject({
  channel: channelSchema.optional().meta({ description: 'Only by this one.' }),
  notifications: notificationSchema
    .optional()
    .meta({ description: 'Settings to try before they are saved; left out: the saved ones.' }),
});

const overviewSchema = z.object({
  channels: z.array(
    z.object({
      channel: channelSchema,
      attempts: z.int().meta({ description: 'Since the last that went well.' }),
      lastSent: z.iso.datetime().optional(),
      lastAnswer: z.string().optional(),
      failure: failureSchema.optional(),
      nextAttempt: z.iso.datetime().optional(),
    }),
  ),
  troubles: z.array(
    z.looseObject({
      key: z.string(),
      kind: z.enum(['failed', 'partial', 'alarm', 'silence', 'ledger', 'gap']),
      title: z.string(),
      message: z.string(),
      since: z.iso.datetime(),
      last: z.iso.datetime(),
      count: z.int(),
      over: z.iso.datetime().optional(),
    }),
  ),
});

const resultsSchema = z.object({
  results: z.array(
    z.object({
      channel: channelSchema,
      sent: z.boolean(),
      answer: z.string().optional().meta({ description: 'What the server said.' }),
      failure: failureSchema.optional(),
    }),
  ),
});

const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

export const notificationOperations: readonly Operation[] = [
  operation({
    id: 'getNotifications',
    method: 'get',
    path: '/notifications',
    summary: 'What is wrong at present, and how mail and webhook are doing',
    tag: 'Notifications',
    role: 'Reader',
    answers: { 200: { description: 'Channels and troubles', schema: overviewSchema } },
    async handle({ context, services: { state } }) {
      const channels = await Promise.all(
        channelSchema.options.map(async (channel) => {
          const {
            attempts = 0,
            nextAt,
            lastSent,
            lastAnswer,
            failure,
          } = (await channelState(state, channel)) ?? ({} as Partial<ChannelState>);
          const nextAttempt = failure && iso(nextAt);
          return { channel, attempts, lastSent: iso(lastSent), lastAnswer, failure, nextAttempt };
        }),
      );
      const troubles = (await listTroubles(state)).map(({ key, value: { told: _told, ...trouble } }) => ({
        key,
        ...trouble,
        since: iso(trouble.since),
        last: iso(trouble.last),
        over: iso(trouble.over),
      }));
      return context.json({ channels, troubles });
    },
  }),
  operation({
    id: 'testNotifications',
    method: 'post',
    path: '/notifications/test',
    summary: 'Sends a test message',
    tag: 'Notifications',
    role: 'Administrator',
    body: testSchema,
    bodyOptional: true,
    answers: { 200: { description: 'What came of it, by channel', schema: resultsSchema } },
    async handle({ context, services, body: { channel, notifications: draft } }) {
      const settings = draft ?? (await loadSettings(services.state)).settings.notifications;
      const results = await sendTest(services, settings, channel);
      if (results.length === 0)
        throw badRequest(`There is no ${channel ?? 'mail server or webhook'} in the notification settings.`);
      return context.json({ results });
    },
  }),
];
