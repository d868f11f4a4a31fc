import type { Services } from '../services.ts';
import type { NotificationSettings } from '../settings/notifications.ts';
import { sendMail } from './mail.ts';
import type { Message } from './message.ts';
import type { ChannelId } from './trouble.ts';
import { sendWebhook } from './webhook.ts';

/** A way to people, as it is set. */
export interface Channel {
  readonly id: ChannelId;
  /** Gives what the server answered. Throws `Failure`. */
  send(message: Message): Promise<string>;
}

export function channelsOf(
  { mail, webhook }: NotificationSettings,
  { secrets, now }: Pick<Services, 'secrets' | 'now'>,
): Channel[] {
  const channels: Channel[] = [];
  if (mail) channels.push({ id: 'mail', send: (message) => sendMail(mail, secrets, message) });
  if (webhook)
    channels.push({ id: 'webhook', send: (message) => sendWebhook(webhook, secrets, message, now()) });
  return channels;
}
