import type { Session } from '../../sessions/session.ts';
import type { Origin } from '../destination.ts';
import { type ColumnValue, isCapability, mapping, type Sources } from './sql-mapping.ts';
import { columnsOf, type GuideTable, guideTableNames, isData } from './sql-schema.ts';
import { checkText, integerOf, type SqlValue } from './sql-values.ts';

export type Row = readonly SqlValue[];

/** A session as rows of data columns, in the order of {@link dataColumns}; keys are added when it is written. */
export interface SessionRows {
  readonly session: Row;
  /** For `ic_session`: the guides have no column for it. */
  readonly jumpoint: { readonly id: SqlValue; readonly name: SqlValue };
  readonly events: readonly EventRows[];
  readonly people: Readonly<Record<PeopleTable, readonly Row[]>>;
}
export interface EventRows {
  readonly event: Row;
  readonly data: readonly Row[];
  readonly systemInformation: readonly Row[];
}

/** The tables that hang on the session itself and have no children. */
export const peopleTables = ['representative', 'customer', 'team', 'custom_attribute'] as const;
export type PeopleTable = (typeof peopleTables)[number];

/** What goes in beside the plain columns; part of what makes two stored forms equal. */
export interface RowOptions {
  readonly storeSystemInformation: boolean;
  readonly storeCapabilityUrls: boolean;
}

const columns = Object.fromEntries(
  guideTableNames.map((table) => [
    table,
    columnsOf(table)
      .filter(([, kind]) => isData(kind))
      .map(([name]) => name),
  ]),
) as unknown as Readonly<Record<GuideTable, readonly string[]>>;

export function dataColumns(table: GuideTable): readonly string[] {
  return columns[table];
}

/** Throws `SqlRefusal` naming table and column when a value cannot be stored as it is. */
export function sessionRows(origin: Origin, session: Session, options: RowOptions): SessionRows {
  const within = { session, origin };
  const row = <T extends GuideTable>(table: T, source: Sources[T]): Row => {
    const functions = mapping[table] as unknown as Readonly<Record<string, ColumnValue<T>>>;
    return columns[table].map((column) => {
      const value = functions[column];
      if (value === undefined) throw new Error(`no mapping for ${table}.${column}`);
      return checkText(value(source, within), `${table}.${column}`);
    });
  };
  return {
    session: row('session', session),
    jumpoint: {
      id: checkText(integerOf(session.jumpoint?.id), 'jumpoint'),
      name: checkText(session.jumpoint?.name ?? null, 'jumpoint'),
    },
    events: session.events.map((event) => ({
      event: row('session_event', event),
      data: event.data
        .filter(([name]) => options.storeCapabilityUrls || !isCapability(name))
        .map((pair) => row('session_event_data', pair)),
      systemInformation: options.storeSystemInformation
        ? event.systemInformation.map((part) => row('system_information', part))
        : [],
    })),
    people: {
      representative: session.representatives.map((person) => row('representative', person)),
      customer: session.customers.map((endpoint) => row('customer', endpoint)),
      team: session.teams.map((team) => row('team', team)),
      custom_attribute: session.customAttributes.map((attribute) => row('custom_attribute', attribute)),
    },
  };
}
