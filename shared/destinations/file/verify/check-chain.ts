import { createHash } from 'node:crypto';
import { Failure } from '../../../errors.ts';
import { type ManifestRow, manifestRowKey, readChain } from '../manifest/chain.ts';
import {
  isManifestHead,
  type ManifestHead,
  type ManifestLink,
  manifestName,
  manifestPlace,
  readManifest,
} from '../manifest/manifest-file.ts';
import type { VerifyContext } from './verify-context.ts';

/**
 * Walks the chain of manifests from the last to the first. Each has to have the hash that the one after it names, and
 * that the state remembers; only the lines of one that has are believed. Returns where the chain ends.
 */
export async function checkChain(
  context: VerifyContext,
): Promise<{ readonly sequence: number; readonly name: string; readonly sha256: string } | undefined> {
  const chain = (await readChain(context.catalog))?.value;
  for (const { name } of chain?.promised ?? []) context.index.promise(name, '');
  const head = chain?.last;
  if (chain === undefined || head === undefined) {
    await checkOrphans(context);
    return undefined;
  }
  let link: ManifestLink | undefined = head;
  for (let sequence = chain.sequence; sequence > 0; sequence--) {
    const row = await manifestRow(context, sequence);
    const expected = link ??
      row ?? { name: manifestName(context.catalog.destinationId, sequence), sha256: undefined };
    if (row !== undefined && link !== undefined && (row.name !== link.name || row.sha256 !== link.sha256))
      context.difference(
        'chain-broken',
        link.name,
        `the one after it names it with SHA-256 ${link.sha256}, the state has ${row.name} with ${row.sha256}`,
      );
    link = await checkManifest(context, sequence, expected);
    context.progress('manifests', chain.sequence - sequence + 1, chain.sequence);
  }
  return { sequence: chain.sequence, ...head };
}

async function manifestRow({ catalog }: VerifyContext, sequence: number): Promise<ManifestRow | undefined> {
  return (await catalog.state.get<ManifestRow>('catalog', catalog.partition, manifestRowKey(sequence)))
    ?.value;
}

/** The link to the manifest before it; undefined where this one cannot be believed. */
async function checkManifest(
  context: VerifyContext,
  sequence: number,
  { name, sha256 }: { readonly name: string; readonly sha256: string | undefined },
): Promise<ManifestLink | undefined> {
  const { index, store } = context;
  index.addManifest(name);
  if ((await store.stat(name)) === undefined) {
    context.lostManifests++;
    context.difference('manifest-missing', name, `number ${sequence} of the chain is not there`);
    return undefined;
  }
  let head: ManifestHead | undefined;
  let fault: string | undefined;
  const hash = createHash('sha256');
  await index.tentatively(async () => {
    try {
      for await (const line of readManifest(hashing(store.read(name), hash), name)) {
        if (isManifestHead(line)) head = line;
        else index.tell(line);
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'bad-manifest') throw error;
      fault = error.message;
    }
    const found = fault === undefined ? hash.digest('hex') : undefined;
    if (sha256 !== undefined && found !== sha256) fault ??= `it has SHA-256 ${found} instead of ${sha256}`;
    if (fault === undefined) fault = headFault(context, sequence, head);
    return fault === undefined;
  });
  if (fault !== undefined || head === undefined) {
    context.lostManifests++;
    context.difference('manifest-changed', name, fault ?? 'it has no head');
    return undefined;
  }
  context.manifests++;
  return head.previous ?? undefined;
}

/** Of a manifest with the right hash, or with one that nobody knows. */
function headFault(
  { catalog }: VerifyContext,
  sequence: number,
  head: ManifestHead | undefined,
): string | undefined {
  if (head === undefined) return 'it has no head';
  if (head.sequence !== sequence) return `it says that it is number ${head.sequence} and not ${sequence}`;
  if (head.destination !== catalog.destinationId) return `it is one of destination ${head.destination}`;
  if ((head.previous === null) !== (sequence === 1)) return 'it is the first of a chain, or should be';
  return undefined;
}

/** Manifests without a state that knows of them: it was lost, or it is another installation's. */
async function checkOrphans(context: VerifyContext): Promise<void> {
  const place = manifestPlace(context.catalog.destinationId);
  for await (const { name } of context.store.list()) {
    if (!name.startsWith(`${place}/`) || context.index.isPromised(name)) continue;
    context.difference('chain-broken', name, 'there are manifests, and the state knows of no chain');
    return;
  }
}

async function* hashing(
  chunks: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
