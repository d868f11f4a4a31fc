import { apiCommand } from './api.ts';
import { applianceCommand } from './appliance.ts';
import { auditCommand } from './audit.ts';
import { catalogCommand } from './catalog.ts';
import { clientScriptCommand } from './client-script.ts';
import type { Command } from './command.ts';
import { coverageCommand } from './coverage.ts';
import { destinationsCommand } from './destinations.ts';
import { importCommand, importsCommand } from './import.ts';
import { ledgerCommand } from './ledger.ts';
import { logsCommand } from './logs.ts';
import { notificationsCommand } from './notifications.ts';
import { pullCommand } from './pull.ts';
import { reconcileCommand } from './reconcile.ts';
import { reportCommand } from './report.ts';
import { runsCommand } from './runs.ts';
import { schedulerCommand, schedulesCommand } from './schedules.ts';
import { secretsCommand } from './secrets.ts';
import { settingsCommand } from './settings.ts';
import { setupCommand } from './setup.ts';
import { sitesCommand } from './sites.ts';
import { sqlCommand } from './sql.ts';
import { ticketsCommand } from './tickets.ts';
import { verifyCommand } from './verify.ts';

/** All there are, in the order in which help lists them. */
export const commands: readonly Command[] = [
  setupCommand,
  sitesCommand,
  destinationsCommand,
  pullCommand,
  importCommand,
  importsCommand,
  runsCommand,
  schedulesCommand,
  schedulerCommand,
  ledgerCommand,
  catalogCommand,
  reportCommand,
  coverageCommand,
  reconcileCommand,
  settingsCommand,
  secretsCommand,
  notificationsCommand,
  logsCommand,
  auditCommand,
  ticketsCommand,
  applianceCommand,
  clientScriptCommand,
  verifyCommand,
  sqlCommand,
  apiCommand,
];
