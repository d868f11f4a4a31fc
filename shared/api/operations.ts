import { auditOperations } from './audit.ts';
import { catalogOperations } from './catalog.ts';
import { clientScriptOperations } from './client-script.ts';
import { commandOperations } from './commands.ts';
import { coverageOperations } from './coverage.ts';
import { destinationOperations } from './destinations.ts';
import { documentationOperations } from './documentation.ts';
import { fileOperations } from './files.ts';
import { importOperations } from './imports.ts';
import { ledgerOperations } from './ledger.ts';
import { logOperations } from './logs.ts';
import { notificationOperations } from './notifications.ts';
import type { Operation } from './operation.ts';
import { pullOperations } from './pulls.ts';
import { reconciliationOperations } from './reconciliation.ts';
import { reportOperations } from './reports.ts';
import { runOperations } from './runs.ts';
import { scheduleSettingOperations } from './schedule-settings.ts';
import { scheduleOperations, schedulerOperations } from './schedules.ts';
import { secretOperations } from './secrets.ts';
import { settingsOperations } from './settings.ts';
import { siteOperations } from './sites.ts';
import { ticketOperations } from './tickets.ts';

/** Everything that the API can do, besides the liveness check. */
export const operations: readonly Operation[] = [
  ...runOperations,
  ...pullOperations,
  ...importOperations,
  ...ledgerOperations,
  ...coverageOperations,
  ...reconciliationOperations,
  ...siteOperations,
  ...destinationOperations,
  ...scheduleOperations,
  ...scheduleSettingOperations,
  ...schedulerOperations,
  ...reportOperations,
  ...settingsOperations,
  ...secretOperations,
  ...notificationOperations,
  ...catalogOperations,
  ...fileOperations,
  ...logOperations,
  ...auditOperations,
  ...commandOperations,
  ...clientScriptOperations,
  ...ticketOperations,
  ...documentationOperations(() => operations),
];
