/**
 * Our own facts, in tables of our own beside the guides' tables. `ic_session` has one row for each session stored:
 *
 * - `session_id`: the row of `session`; goes with it
 * - `host_name`, `lsid`: the session's identity, unique
 * - `content_hash`: hash of the canonical form of the reading that is stored
 * - `stored_form`: which settings it was stored under; another form of the same content is written again
 * - `closed`: 1 when that reading is final; `read_at`: Unix seconds, the appliance's clock
 * - `stored_at`: UTC, our clock
 * - the rest: what reports say and the guides have no column for, and what said it
 */
export const icSessionColumns = [
  'session_id',
  'host_name',
  'lsid',
  'content_hash',
  'stored_form',
  'closed',
  'read_at',
  'stored_at',
  'site_id',
  'appliance_id',
  'api_version',
  'jumpoint_id',
  'jumpoint_name',
  'file_move_count',
  'file_delete_count',
] as const;

/** Number of the last step of `ic_schema` that this program knows. A database beyond it is left alone. */
export const schemaStep = 1;
/** What the steps did, by number from 1. A step may be taken again: it makes only what is missing. */
export const schemaSteps: readonly string[] = [
  'tables of the Integration Client guides, ic_session, ic_check',
];
