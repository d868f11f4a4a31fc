import type { ColumnKind } from './sql-schema.ts';

/** Kinds that only our own tables have: `seconds` Unix seconds with a fraction, `step` a number that is the key. */
export type OwnKind = ColumnKind | 'seconds' | 'step';

export interface OwnTable {
  readonly columns: Readonly<Record<string, OwnKind>>;
  /** Columns that always have a value. */
  readonly needed: readonly string[];
  /** Without one the table has an `id`. */
  readonly primary?: string;
  readonly unique?: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
}

/**
 * Our own facts, in tables of our own beside the guides' tables.
 *
 * `ic_session` has one row for each session stored:
 * - `session_id`: the row of `session`; goes with it
 * - `host_name`, `lsid`: the session's identity, unique
 * - `content_hash`: hash of the canonical form of the reading that is stored
 * - `stored_form`: which settings it was stored under; another form of the same content is written again
 * - `closed`: 1 when that reading is final; `read_at`: Unix seconds, the appliance's clock
 * - `stored_at`: UTC, our clock
 * - the rest: what reports say and the guides have no column for, and what said it
 * - `whole_values`: JSON, values that a column of this database could not hold as they were sent; see fit-rows.ts
 *
 * `ic_report` has one row for each bucket of a report that is no session; the tables with a `report_id` hold its rows,
 * numbered within the document. `ic_file` says where the file of an item is stored; `item_hash` is the SHA-256 of
 * destination and item. `ic_writer` has a row for each
 * host, which a writer holds while it writes. `ic_move` says how far a move into this database has come. `ic_table` lists the tables that this program made.
 */
export const ownTables = {
  ic_schema: {
    columns: { step: 'step', name: 'name', applied_at: 'time' },
    needed: ['step', 'name', 'applied_at'],
    primary: 'step',
  },
  ic_table: {
    columns: { table_name: 'exact', made_at: 'time' },
    needed: ['table_name', 'made_at'],
    primary: 'table_name',
  },
  ic_session: {
    columns: {
      session_id: 'session',
      host_name: 'exact',
      lsid: 'exact',
      content_hash: 'name',
      stored_form: 'name',
      closed: 'flag',
      read_at: 'seconds',
      stored_at: 'time',
      site_id: 'name',
      appliance_id: 'text',
      api_version: 'text',
      jumpoint_id: 'integer',
      jumpoint_name: 'text',
      file_move_count: 'integer',
      file_delete_count: 'integer',
      whole_values: 'text',
    },
    needed: ['host_name', 'lsid', 'content_hash', 'stored_form', 'closed', 'read_at', 'stored_at', 'site_id'],
    primary: 'session_id',
    unique: ['host_name', 'lsid'],
  },
  ic_move: {
    columns: { table_name: 'exact', source: 'text', last_id: 'integer' },
    needed: ['table_name', 'source', 'last_id'],
    primary: 'table_name',
  },
  ic_check: { columns: { id: 'id', value: 'text', marker: 'exact' }, needed: ['value'] },
  ic_writer: {
    columns: { host_name: 'exact', turn: 'integer' },
    needed: ['host_name', 'turn'],
    primary: 'host_name',
  },
  ic_report: {
    columns: {
      id: 'id',
      host_name: 'exact',
      stream: 'name',
      item_key: 'exact',
      size: 'integer',
      sha256: 'name',
      verified: 'name',
      stored_at: 'time',
      site_id: 'name',
      appliance_id: 'text',
      api_version: 'text',
    },
    needed: ['host_name', 'stream', 'item_key', 'size', 'sha256', 'verified', 'stored_at', 'site_id'],
    unique: ['item_key'],
  },
  ic_team: {
    columns: { id: 'id', report_id: 'report', team_number: 'integer', team_id: 'text', name: 'text' },
    needed: ['team_number'],
    indexes: [['report_id']],
  },
  ic_team_member: {
    columns: {
      id: 'id',
      report_id: 'report',
      team_number: 'integer',
      gs_number: 'text',
      user_id: 'text',
      display_name: 'text',
      public_ip: 'text',
      private_ip: 'text',
    },
    needed: ['team_number'],
    indexes: [['report_id']],
  },
  ic_team_event: {
    columns: {
      id: 'id',
      report_id: 'report',
      team_number: 'integer',
      event_number: 'integer',
      type: 'text',
      event_time: 'time',
      performed_by: 'text',
      performed_by_type: 'text',
    },
    needed: ['team_number', 'event_number'],
    indexes: [['report_id'], ['event_time']],
  },
  ic_team_event_destination: {
    columns: {
      id: 'id',
      report_id: 'report',
      event_number: 'integer',
      destination: 'text',
      destination_type: 'text',
    },
    needed: ['event_number'],
    indexes: [['report_id']],
  },
  ic_team_event_data: {
    columns: { id: 'id', report_id: 'report', event_number: 'integer', name: 'text', value: 'text' },
    needed: ['event_number'],
    indexes: [['report_id']],
  },
  ic_vault_account_activity: {
    columns: {
      id: 'id',
      report_id: 'report',
      event_time: 'time',
      type: 'text',
      account: 'text',
      performed_by_id: 'text',
      performed_by: 'text',
      performed_by_type: 'text',
      data: 'text',
    },
    needed: [],
    indexes: [['report_id'], ['event_time']],
  },
  ic_exit_survey: {
    columns: {
      id: 'id',
      report_id: 'report',
      survey_number: 'integer',
      lsid: 'key',
      submitted_at: 'time',
      submitted_by: 'text',
      submitted_by_type: 'text',
      primary_customer: 'text',
      primary_representative: 'text',
    },
    needed: ['survey_number'],
    indexes: [['report_id'], ['lsid']],
  },
  ic_exit_survey_answer: {
    columns: {
      id: 'id',
      report_id: 'report',
      survey_number: 'integer',
      question_id: 'text',
      question_type: 'text',
      question_name: 'text',
      label: 'text',
      report_header: 'text',
      answer: 'text',
    },
    needed: ['survey_number'],
    indexes: [['report_id']],
  },
  ic_file: {
    columns: {
      id: 'id',
      host_name: 'exact',
      lsid: 'exact',
      stream: 'name',
      destination_id: 'name',
      item_hash: 'exact',
      name: 'text',
      size: 'integer',
      sha256: 'name',
      stored_at: 'time',
    },
    needed: ['host_name', 'stream', 'destination_id', 'item_hash', 'name', 'size', 'sha256', 'stored_at'],
    unique: ['item_hash'],
    indexes: [['host_name', 'lsid']],
  },
} as const satisfies Readonly<Record<string, OwnTable>>;

export type OwnTableName = keyof typeof ownTables;
/** Parents before children. */
export const ownTableNames = Object.keys(ownTables) as readonly OwnTableName[];

export function ownTable(name: OwnTableName): OwnTable {
  return ownTables[name];
}

export const icSessionColumns = Object.keys(
  ownTables.ic_session.columns,
) as readonly (keyof typeof ownTables.ic_session.columns)[];

/**
 * What the steps did, by number from 1. A step may be taken again: it makes only what is missing. A database beyond
 * the last one is left alone.
 */
export const schemaSteps: readonly string[] = [
  'tables of the Integration Client guides, ic_session, ic_check',
  'values too long for a column, activity reports and surveys, stored files, views for people',
];
export const schemaStep = schemaSteps.length;

/** Columns that a step added to tables of ours which an earlier step had made. */
export const addedColumns: readonly {
  readonly step: number;
  readonly table: OwnTableName;
  readonly column: string;
}[] = [
  { step: 2, table: 'ic_session', column: 'whole_values' },
  { step: 2, table: 'ic_check', column: 'marker' },
];
