import { createHash } from 'node:crypto';
import type { FileFacts } from './file-store.ts';

/** Metadata of a blob, and of a file of Azure Files, has 8 KB in all: the key is looked for, so it has more of it. */
const maxKeyLength = 1_000;
const maxValueLength = 400;

/** What a blob or a file of Azure Files says of itself: where it came from and what proves it whole. Values are percent-encoded. */
export function toMetadata(about: FileFacts): Record<string, string> {
  const { origin, values = {}, version } = about;
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
    content_hash: version?.hash,
    lsid: values.LSID,
    lseq: values.LSEQ,
    external_key: values.EXTERNAL_KEY,
    session_type: values.SESSION_TYPE,
    instance: values.INSTANCE,
  };
  return Object.fromEntries(
    Object.entries(plain).flatMap(([name, value]) =>
      value === undefined || value === ''
        ? []
        : [[name, encode(value, name === 'item_key' ? maxKeyLength : maxValueLength)]],
    ),
  );
}

export function fromMetadata(metadata: Readonly<Record<string, string>>): {
  key: string | undefined;
  sha256: string | undefined;
  verified: string | undefined;
  contentHash: string | undefined;
} {
  const { item_key: key, sha256, verified, content_hash: contentHash } = metadata;
  const evidence = verified !== undefined && /^[a-z-]{1,40}$/.test(verified);
  return {
    key: key === undefined ? undefined : decode(key),
    sha256: sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    verified: evidence ? verified : undefined,
    contentHash: contentHash === undefined ? undefined : decode(contentHash),
  };
}

/**
 * Index tags of a blob, by which it is found without a listing: site, data type (`type`) and lsid. Tags take few
 * characters; what they do not take stands in the metadata alone.
 */
export function toTags({ origin, stream, values }: FileFacts): Record<string, string> {
  const plain = { site: origin.siteId, type: stream, lsid: values?.LSID ?? '' };
  return Object.fromEntries(
    Object.entries(plain).filter(([, value]) => /^[A-Za-z0-9 +\-./:=_]{1,256}$/.test(value)),
  );
}

function encode(value: string, maxLength: number): string {
  const text = encodeURIComponent(value.toWellFormed());
  return text.length <= maxLength ? text : `sha256:${createHash('sha256').update(value).digest('hex')}`;
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not written by this program: then it says nothing.
    return undefined;
  }
}
