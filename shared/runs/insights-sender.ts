import type { AzureMonitorExporterOptions } from '@azure/monitor-opentelemetry-exporter';
import { AzureMonitorLogExporter } from '@azure/monitor-opentelemetry-exporter';
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { LoggerProvider, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { type AzureLimits, limitTries, smallRequestLimits } from '../state/azure-limits.ts';
import type { LogSender } from './insights-log.ts';

const SUCCESS = 0;

/**
 * Sends records to Application Insights, by the library that Azure's own distribution is made of. Loaded only where a
 * connection string is set: it takes as long to load as half of everything else.
 */
export function insightsSender(
  options: AzureMonitorExporterOptions,
  limits: AzureLimits = smallRequestLimits,
): LogSender {
  // The exporter tells success, too, of what it would write to the disk that it may not use, and drops it.
  let isTaken = false;
  // What could not be sent goes to the platform's own collection: it must not come a second time from a disk.
  const exporter: LogRecordExporter = new AzureMonitorLogExporter({
    disableOfflineStorage: true,
    additionalPolicies: [
      {
        position: 'perCall',
        policy: {
          name: 'integrationClientTaken',
          async sendRequest(request, next) {
            const answer = await next(request);
            isTaken = answer.status === 200;
            return answer;
          },
        },
      },
      // An answer that does not come would hold back all later lines.
      { position: 'perRetry', policy: limitTries(limits) },
    ],
    ...options,
  });
  const emitted: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    processors: [
      {
        onEmit: (record) => void emitted.push(record),
        forceFlush: async () => {},
        shutdown: () => exporter.shutdown(),
      },
    ],
  });
  const logger = provider.getLogger('integration-client');
  return (records) => {
    for (const { trace: of, ...record } of records)
      logger.emit({
        ...record,
        context: of
          ? trace.setSpanContext(ROOT_CONTEXT, { ...of, traceFlags: TraceFlags.SAMPLED })
          : ROOT_CONTEXT,
      });
    const batch = emitted.splice(0);
    isTaken = false;
    return new Promise<boolean>((resolve) =>
      exporter.export(batch, ({ code }) => resolve(code === SUCCESS && isTaken)),
    );
  };
}
