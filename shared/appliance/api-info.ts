import { Failure } from '../errors.ts';
import { wholeNumber } from '../sessions/read-values.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../sessions/xml-element.ts';
import type { Product } from './appliance.ts';

/** What get_api_info says. */
export interface ApiInformation {
  readonly now: number;
  readonly apiVersion: string;
  readonly permissions: Readonly<Record<string, string>>;
  /** Where the names of the permissions tell. */
  readonly product: Product | undefined;
}

/**
 * Reads `api_information` (observed) or `get_api_info` (API guide), with permissions as `permission` elements or each
 * under its own name.
 */
export function readApiInformation(root: XmlElement): ApiInformation {
  const now = wholeNumber(childText(root, 'timestamp'));
  if (now === null || now === 0)
    throw new Failure('transient', 'malformed-reply', 'get_api_info gave no timestamp.');
  const permissions = new Map<string, string>();
  for (const element of childOf(root, 'permissions')?.children ?? []) {
    const name = element.name === 'permission' ? attributeOf(element, 'name') : element.name;
    const value = element.text !== '' ? element.text : attributeOf(element, 'value');
    if (name !== null) permissions.set(name.trim(), (value ?? '').trim());
  }
  return {
    now,
    apiVersion: (childText(root, 'api_version') ?? '').trim(),
    permissions: Object.fromEntries(permissions),
    product: productOf(permissions),
  };
}

/** Reporting permissions are split by report in RS; PRA has one for access sessions (API guides). */
function productOf(permissions: ReadonlyMap<string, string>): Product | undefined {
  const rs = permissions.has('perm_reporting_support') || permissions.has('perm_reporting_presentation');
  const pra = permissions.has('perm_reporting');
  return rs === pra ? undefined : rs ? 'RS' : 'PRA';
}

/** The appliance's GUID from check_health's `appliance` element. */
export function readApplianceId(root: XmlElement): string | undefined {
  const appliance = root.name === 'appliance' ? root : childOf(root, 'appliance');
  const id = appliance === undefined ? null : attributeOf(appliance, 'id');
  return id === null || id.trim() === '' ? undefined : id.trim();
}
