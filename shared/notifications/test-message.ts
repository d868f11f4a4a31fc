import { type FailureReport, reportFailure } from '../errors.ts';
import type { Services } from '../services.ts';
import type { NotificationSettings } from '../settings/notifications.ts';
import { channelsOf } from './channels.ts';
import { testMessage } from './message.ts';
import type { ChannelId } from './trouble.ts';

export interface TestResult {
  readonly channel: ChannelId;
  readonly sent: boolean;
  /** What the server said. */
  readonly answer?: string;
  readonly failure?: FailureReport;
}

/** IC guide: Send Test. By each channel that is set, or by one. */
export async function sendTest(
  services: Services,
  settings: NotificationSettings,
  only?: ChannelId,
): Promise<TestResult[]> {
  const channels = channelsOf(settings, services).filter(({ id }) => only === undefined || id === only);
  return Promise.all(
    channels.map(async ({ id: channel, send }): Promise<TestResult> => {
      try {
        return { channel, sent: true, answer: await send(testMessage(services.now())) };
      } catch (error) {
        return { channel, sent: false, failure: reportFailure(error) };
      }
    }),
  );
}
