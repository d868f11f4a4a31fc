import type { RpcTypedData } from './core-types.ts';

/**
 * What a function returned, as JSON text; null for nothing. A returned string stays a string, whatever it
 * looks like; bytes become base64, as .NET writes them.
 */
export function typedDataToJson(data: RpcTypedData | null | undefined): string | null {
  if (data === null || data === undefined) return null;
  if (typeof data.string === 'string') return JSON.stringify(data.string);
  if (typeof data.json === 'string') return data.json;
  if (typeof data.int === 'number') return JSON.stringify(data.int);
  if (typeof data.double === 'number') return JSON.stringify(data.double);
  if (data.bytes) return JSON.stringify(Buffer.from(data.bytes).toString('base64'));
  return null;
}

/** The bytes of an HTTP body. */
export function typedDataToBytes(data: RpcTypedData | null | undefined): Uint8Array {
  if (data?.bytes) return data.bytes;
  if (typeof data?.string === 'string') return Buffer.from(data.string);
  return Buffer.from(typedDataToJson(data) ?? '');
}
