import type { WebhookSettings } from '../settings/notifications.ts';
import type { SecretStore } from '../settings/secrets.ts';
import type { Message } from './message.ts';
import { postSigned } from './signed-post.ts';

/** Posts it as JSON, signed, and gives what the receiver answered; see signed-post.ts for what it throws. */
export async function sendWebhook(
  settings: WebhookSettings,
  secrets: SecretStore,
  { id, subject, text, troubles }: Message,
  now: number,
): Promise<string> {
  const at = new Date(now).toISOString();
  const body = JSON.stringify({ id, at, subject, text: `${subject}\n\n${text}`, troubles });
  return (await postSigned(settings, secrets, { receiver: 'The webhook', id, body, now })).said;
}
