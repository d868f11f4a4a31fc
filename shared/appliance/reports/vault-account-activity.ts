import { unixTime } from '../../sessions/read-values.ts';
import { attributeOf, childOf, childText, deepText } from '../../sessions/xml-element.ts';
import type { RowShape } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';

/** One `vault_account_activity` (observed). Texts as sent after XML decoding; `null` = absent. */
export interface VaultAccountActivity {
  /** Unix seconds. */
  readonly time: number | null;
  /** `Account Created`, `Account Deleted`, `Password Changed`, `Credentials Used` … an open list. */
  readonly eventType: string | null;
  /** The account's id (observed). */
  readonly account: string | null;
  readonly performedBy: {
    readonly id: string | null;
    /** `User` … */
    readonly type: string | null;
    readonly name: string | null;
  } | null;
  /** For `Credentials Used` the session's id, for `Password Changed` the way: `Manually Edited`. */
  readonly data: string | null;
}

const shape: RowShape<VaultAccountActivity> = {
  report: 'a vault account activity report',
  row: 'an activity',
  rows: 'activities',
  isRoot: (name) => name === 'vault_account_activity_list',
  begins: (name, _attributes, depth) => depth === 2 && name === 'vault_account_activity',
  read(element) {
    const performer = childOf(element, 'performed_by');
    const data = childOf(element, 'data');
    return {
      time: unixTime(attributeOf(element, 'timestamp')),
      eventType: attributeOf(element, 'event_type'),
      account: attributeOf(element, 'account') ?? childText(element, 'account'),
      performedBy:
        performer === undefined
          ? null
          : {
              id: attributeOf(performer, 'id'),
              type: attributeOf(performer, 'type'),
              name: performer.text,
            },
      data: data === undefined ? null : data.children.length === 0 ? data.text : deepText(data).trim(),
    };
  },
};

/** Reads a VaultAccountActivity report as a stream; `readRows` says what it throws. */
export function readVaultAccountActivity(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): RowReport<VaultAccountActivity> {
  return readRows(chunks, shape, options);
}
