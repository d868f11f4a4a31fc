import {
  type ExitSurvey,
  readExitSurveys,
  readTeamActivity,
  readVaultAccountActivity,
  type TeamActivityEntry,
  type VaultAccountActivity,
} from '../../appliance/reports/index.ts';
import type { OwnTableName } from './own-schema.ts';
import { checkText, type SqlValue, timeText } from './sql-values.ts';

/** Rows of a document by table, with the columns of `reportTables` after `report_id`. */
export type ReportRows = ReadonlyMap<OwnTableName, readonly (readonly SqlValue[])[]>;

interface ReportKind {
  /** The columns that rows are given for. */
  readonly tables: Readonly<Partial<Record<OwnTableName, readonly string[]>>>;
  read(chunks: AsyncIterable<Uint8Array>, add: AddRow): Promise<void>;
}
type AddRow = (table: OwnTableName, row: readonly SqlValue[]) => void;

const teamActivity: ReportKind = {
  tables: {
    ic_team: ['team_number', 'team_id', 'name'],
    ic_team_member: ['team_number', 'gs_number', 'user_id', 'display_name', 'public_ip', 'private_ip'],
    ic_team_event: ['team_number', 'event_number', 'type', 'event_time', 'performed_by', 'performed_by_type'],
    ic_team_event_destination: ['event_number', 'destination', 'destination_type'],
    ic_team_event_data: ['event_number', 'name', 'value'],
  },
  async read(chunks, add) {
    const counts = { team: 0, event: 0 };
    for await (const entry of readTeamActivity(chunks)) addTeamEntry(entry, counts, add);
  },
};

function addTeamEntry(entry: TeamActivityEntry, counts: { team: number; event: number }, add: AddRow): void {
  if (entry.kind === 'team') {
    add('ic_team', [++counts.team, entry.team.id, entry.team.name]);
  } else if (entry.kind === 'member') {
    const { gsNumber, userId, displayName, publicIp, privateIp } = entry.member;
    add('ic_team_member', [counts.team, gsNumber, userId, displayName, publicIp, privateIp]);
  } else {
    const { type, time, performedBy, destinations, data } = entry.event;
    const number = ++counts.event;
    const performer = [performedBy?.name ?? null, performedBy?.type ?? null];
    add('ic_team_event', [counts.team, number, type, timeText(time), ...performer]);
    for (const { name, type: kind } of destinations) add('ic_team_event_destination', [number, name, kind]);
    for (const [name, value] of data) add('ic_team_event_data', [number, name, value]);
  }
}

const vaultAccountActivity: ReportKind = {
  tables: {
    ic_vault_account_activity: [
      'event_time',
      'type',
      'account',
      'performed_by_id',
      'performed_by',
      'performed_by_type',
      'data',
    ],
  },
  async read(chunks, add) {
    for await (const activity of readVaultAccountActivity(chunks))
      add('ic_vault_account_activity', vaultRow(activity));
  },
};

function vaultRow({ time, eventType, account, performedBy, data }: VaultAccountActivity): SqlValue[] {
  const performer = [performedBy?.id ?? null, performedBy?.name ?? null, performedBy?.type ?? null];
  return [timeText(time), eventType, account, ...performer, data];
}

const exitSurvey: ReportKind = {
  tables: {
    ic_exit_survey: [
      'survey_number',
      'lsid',
      'submitted_at',
      'submitted_by',
      'submitted_by_type',
      'primary_customer',
      'primary_representative',
    ],
    ic_exit_survey_answer: [
      'survey_number',
      'question_id',
      'question_type',
      'question_name',
      'label',
      'report_header',
      'answer',
    ],
  },
  async read(chunks, add) {
    let number = 0;
    for await (const survey of readExitSurveys(chunks)) addSurvey(survey, ++number, add);
  },
};

function addSurvey(survey: ExitSurvey, number: number, add: AddRow): void {
  const { lsid, time, submittedBy, primaryCustomer, primaryRepresentative, questions } = survey;
  add('ic_exit_survey', [
    number,
    lsid,
    timeText(time),
    submittedBy?.name ?? null,
    submittedBy?.type ?? null,
    primaryCustomer?.name ?? null,
    primaryRepresentative?.name ?? null,
  ]);
  for (const { id, type, name, label, reportHeader, answers } of questions) {
    // A question that was left open is a row without an answer.
    for (const answer of answers.length === 0 ? [null] : answers)
      add('ic_exit_survey_answer', [number, id, type, name, label, reportHeader, answer]);
  }
}

/** The data types that have tables, by id. */
const kinds: Readonly<Record<string, ReportKind>> = {
  'team-activity': teamActivity,
  'vault-account-activity': vaultAccountActivity,
  'exit-survey': exitSurvey,
};

export const reportStreams: readonly string[] = Object.keys(kinds);

export function reportTables(stream: string): readonly (readonly [OwnTableName, readonly string[]])[] {
  return Object.entries(kindOfStream(stream).tables) as [OwnTableName, readonly string[]][];
}

/** Reads a document to its end. Throws what its reader throws, and `SqlRefusal` for a text no database holds. */
export async function readReportRows(stream: string, chunks: AsyncIterable<Uint8Array>): Promise<ReportRows> {
  const rows = new Map<OwnTableName, (readonly SqlValue[])[]>();
  await kindOfStream(stream).read(chunks, (table, row) => {
    for (const value of row) checkText(value, table);
    const known = rows.get(table);
    if (known === undefined) rows.set(table, [row]);
    else known.push(row);
  });
  return rows;
}

function kindOfStream(stream: string): ReportKind {
  const kind = kinds[stream];
  if (kind === undefined) throw new Error(`no tables for ${stream}`);
  return kind;
}
