import { createHash } from 'node:crypto';
import type { FileFacts } from './file-store.ts';

/** Metadata of a blob, and of a file of Azure Files, has 8 KB in all. */
const maxValueLength = 1_000;

/** What a blob or a file of Azure Files says of itself: where it came from and what proves it whole. Values are percent-encoded. */
export function toMetadata(about: FileFacts): Record<string, string> {
  const { origin } = about;
  const plain: Record<string, string | undefined> = {
    item_key: about.key,
    stream: about.stream,
    site: origin.siteId,
    host: origin.host,
    size: String(about.size),
    sha256: about.sha256,
    verified: about.verified,
    appliance_id: origin.applianceId,
    api_version: origin.apiVersion,
  };
  return Object.fromEntries(
    Object.entries(plain).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, encode(value)]],
    ),
  );
}

export function fromMetadata(metadata: Readonly<Record<string, string>>): {
  key: string | undefined;
  sha256: string | undefined;
  verified: string | undefined;
} {
  const { item_key: key, sha256, verified } = metadata;
  const evidence = verified !== undefined && /^[a-z-]{1,40}$/.test(verified);
  return {
    key: key === undefined ? undefined : decode(key),
    sha256: sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    verified: evidence ? verified : undefined,
  };
}

function encode(value: string): string {
  const text = encodeURIComponent(value.toWellFormed());
  return text.length <= maxValueLength ? text : `sha256:${createHash('sha256').update(value).digest('hex')}`;
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not written by this program: then it says nothing.
    return undefined;
  }
}
