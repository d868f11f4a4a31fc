import { logEvents } from '../log-events.ts';
import { reportPart } from '../runs/progress.ts';
import type { TransferKey } from '../runs/run.ts';
import type { Work } from './work.ts';

/** Says in the log and in the run's result that the clocks jumped against each other. */
export async function alarmOfJump(
  { services, run, site }: Work,
  key: TransferKey,
  seconds: number,
): Promise<void> {
  const text = `The appliance's clock jumped by ${seconds} s against ours since the last run; what may lie in between is read again. Check the time service (NTP) of both.`;
  services.log.warn(logEvents.clockJump, {
    run: run.id,
    site: site.id,
    transfer: key,
    seconds,
    detail: text,
  });
  await reportPart(services, run.id, key, 'clock', {}, { alarms: [text] });
}
