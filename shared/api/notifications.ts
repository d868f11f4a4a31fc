import { Hono } from 'hono';
import { z } from 'zod';
import { type ChannelState, channelState } from '../notifications/deliver.ts';
import { sendTest } from '../notifications/test-message.ts';
import { listTroubles } from '../notifications/trouble-store.ts';
import { notificationSchema } from '../settings/notifications.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { readBody } from './body.ts';
import type { ApiEnvironment } from './environment.ts';
import { badRequest } from './problem.ts';

const testSchema = z.strictObject({
  channel: z.enum(['mail', 'webhook']).optional(),
  /** Settings to try before they are saved. */
  notifications: notificationSchema.optional(),
});

const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

export function notificationRoutes(): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  routes.get('/', async (context) => {
    const { state } = context.env.services;
    const channels = await Promise.all(
      (['mail', 'webhook'] as const).map(async (channel) => {
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
  });
  routes.post('/test', async (context) => {
    const { services } = context.env;
    const { channel, notifications: draft } = await readBody(context, testSchema);
    const settings = draft ?? (await loadSettings(services.state)).settings.notifications;
    const results = await sendTest(services, settings, channel);
    if (results.length === 0)
      throw badRequest(`There is no ${channel ?? 'mail server or webhook'} in the notification settings.`);
    return context.json({ results });
  });
  return routes;
}
