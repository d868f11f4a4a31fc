import { timeOf, unixTime } from '../../sessions/read-values.ts';
import { attributeOf, childOf, type XmlElement } from '../../sessions/xml-element.ts';
import type { RowShape } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';

/**
 * One `license_time_interval` of LicenseUsage (RS). Times are Unix seconds; `null` = absent. The guide names the interval
 * and no source shows its parts, so these are kept as they come: `values` has every attribute and every element without
 * children, in document order, as name and text; names of nested elements are joined by `/`.
 */
export interface LicenseUsageInterval {
  readonly start: number | null;
  readonly end: number | null;
  readonly values: readonly (readonly [name: string, value: string])[];
}

export interface LicenseUsageReport extends RowReport<LicenseUsageInterval> {
  /** What the report says of itself, as far as it was read: `start_time`, `end_time`, `group_by` (hour, day, month). */
  readonly head: {
    readonly start: number | null;
    readonly end: number | null;
    readonly groupBy: string | null;
  };
}

/** Reads a LicenseUsage report as a stream; `readRows` says what it throws. */
export function readLicenseUsage(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): LicenseUsageReport {
  const head: { start: number | null; end: number | null; groupBy: string | null } = {
    start: null,
    end: null,
    groupBy: null,
  };
  const shape: RowShape<LicenseUsageInterval> = {
    report: 'a licence usage report',
    row: 'an interval',
    rows: 'intervals',
    isRoot: (name) => name === 'license_usage',
    begins: (name, _attributes, depth) =>
      name === 'license_time_interval' ||
      (depth === 2 && (name === 'start_time' || name === 'end_time' || name === 'group_by')),
    read(element) {
      if (element.name === 'start_time') head.start = timeOf(element);
      else if (element.name === 'end_time') head.end = timeOf(element);
      else if (element.name === 'group_by') head.groupBy = element.text;
      else return readInterval(element);
      return undefined;
    },
  };
  return Object.assign(readRows(chunks, shape, options), { head });
}

function readInterval(element: XmlElement): LicenseUsageInterval {
  const values: [string, string][] = [];
  addValues(element, '', values);
  return { start: timeNamed(element, 'start'), end: timeNamed(element, 'end'), values };
}

function timeNamed(interval: XmlElement, name: 'start' | 'end'): number | null {
  const element = childOf(interval, `${name}_time`) ?? childOf(interval, name);
  if (element !== undefined) return timeOf(element);
  return unixTime(attributeOf(interval, `${name}_time`) ?? attributeOf(interval, name));
}

function addValues(element: XmlElement, prefix: string, into: [string, string][]): void {
  const { attributes } = element;
  for (let i = 0; i < attributes.length; i += 2) {
    into.push([`${prefix}${attributes[i] ?? ''}`, attributes[i + 1] ?? '']);
  }
  for (const child of element.children) {
    if (child.children.length === 0) into.push([`${prefix}${child.name}`, child.text]);
    if (child.children.length > 0 || child.attributes.length > 0)
      addValues(child, `${prefix}${child.name}/`, into);
  }
}
