import type { ApplianceInfo } from '../appliance/appliance.ts';
import { type FailureReport, reportFailure } from '../errors.ts';
import { type Transfer, type TransferKey, transferKey } from '../runs/run.ts';
import { unavailable } from '../streams/available.ts';
import { streamOf } from '../streams/index.ts';
import type { Work } from './work.ts';

/** Transfers whose data type this appliance, or its API account, cannot give. They fail; the others go on. */
export function refusals(
  { services, run, site }: Work,
  transfers: readonly Transfer[],
  info: ApplianceInfo,
): Record<TransferKey, FailureReport> {
  const refused: Record<TransferKey, FailureReport> = {};
  for (const transfer of transfers) {
    const failure = unavailable(streamOf(transfer.stream), info, `"${site.name}" (${site.host})`);
    if (!failure) continue;
    const report = reportFailure(failure);
    refused[transferKey(transfer)] = report;
    services.log.warn(report.message, { run: run.id, site: site.id, code: report.code });
  }
  return refused;
}
