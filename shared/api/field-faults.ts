import type { z } from 'zod';

export interface FieldFault {
  /** Like `transfers[0].site`; empty: the whole. */
  readonly field: string;
  readonly message: string;
}

const MOST_FAULTS = 50;

/** What a schema found, by field. A field that is not known is named itself, not what it stands in. */
export function faultsOf(error: z.ZodError): FieldFault[] {
  return error.issues
    .flatMap((issue): FieldFault[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ field: fieldAt([...issue.path, key]), message: 'is not known here' }))
        : [{ field: fieldAt(issue.path), message: issue.message.replaceAll(/\s+/g, ' ') }],
    )
    .slice(0, MOST_FAULTS);
}

function fieldAt(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at ? '.' : ''}${String(part)}`))
    .join('')
    .slice(0, 300);
}
