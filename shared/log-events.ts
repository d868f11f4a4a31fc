/**
 * Log messages that alerts look for (infra/modules/alerts.bicep) and that therefore never change by themselves: a test
 * compares both with the code that writes them. The message is the `message` of the log line's JSON.
 */
export const logEvents = {
  /** Info. `run`, `status` (a RunStatus), `seconds`, `postponed` and `setAside` (items, summed over transfers). */
  runFinished: 'Run finished',
  /** Error. `schedule`, `code`, `message`. */
  scheduleNotStarted: 'A schedule could not be started',
  /** Error, with `stack`: a defect of ours. */
  unexpectedInRun: 'Unexpected error',
  /** Error, with `stack`: a defect of ours. */
  unexpectedInApi: 'Unexpected error in the API',
  /** Warning. `site`, `stream`, `item`: a backup or another snapshot that was never made. */
  snapshotMissed: 'A snapshot was missed: a later one takes its place.',
  /** Warning. `what` (a CoverageNote's), `site`, `stream`, `destination`, `detail`: daily reconciliation found it. */
  coverageTrouble: 'Not everything on the appliance is stored',
  /** Warning. `site`, `transfer`, `seconds`, `detail`: what may lie in between is read again. */
  clockJump: 'The clocks jumped against each other',
  /** Error. `code`, `reason`: an application setting is missing or malformed, and nothing can work. */
  startFailed: 'The functions cannot work',
} as const;

/** Codes of failures (`code` of a log line) that a person has to look after: an account or a certificate. */
export const accessTrouble = [
  'wrong-secret',
  'no-permission',
  'certificate',
  'secret-missing',
  'secret-expired',
  'no-access',
  'no-identity',
  'key-vault-forbidden',
  'key-vault-identity',
  'key-vault-address',
] as const;
