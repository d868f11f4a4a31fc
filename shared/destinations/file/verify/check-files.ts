import { createHash } from 'node:crypto';
import { Failure } from '../../../errors.ts';
import { catalogedNow } from './read-catalog.ts';
import type { VerifyContext } from './verify-context.ts';
import type { Expected } from './verify-index.ts';

const filesAtOnce = 4;
/** So many in a row that cannot be read: it is the store and not the files. */
const maxUnreadable = 20;

/** Reads every expected file and compares size and SHA-256. */
export async function checkFiles(context: VerifyContext): Promise<void> {
  const { files: of } = context.index.count();
  const queue = context.index.expected();
  let done = 0;
  let unreadable = 0;
  const worker = async () => {
    for (const file of queue) {
      try {
        await checkFile(context, file);
        unreadable = 0;
      } catch (error) {
        if (!(error instanceof Failure) || ++unreadable >= maxUnreadable) throw error;
        context.difference('unreadable', file.name, error.message);
      }
      if (++done % 20 === 0) context.progress('files', done, of);
    }
  };
  // One generator for all: each takes the next.
  const ends = await Promise.allSettled(Array.from({ length: filesAtOnce }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  context.progress('files', done, of);
}

async function checkFile(context: VerifyContext, file: Expected): Promise<void> {
  const { store } = context;
  const stat = await store.stat(file.name);
  if (stat === undefined) return missing(context, file);
  let found = '';
  if (stat.size === file.size) {
    const hash = createHash('sha256');
    for await (const chunk of store.read(file.name)) {
      hash.update(chunk);
      context.bytes += chunk.byteLength;
    }
    found = hash.digest('hex');
    if (found === file.sha256) {
      context.files++;
      return;
    }
  }
  const now = await catalogedNow(context, file.name);
  // Replaced while this went on, by a run that says so: it is looked at again.
  if (now?.file !== undefined && now.file.storedAt > file.at && now.file.sha256 !== file.sha256)
    return checkFile(context, {
      ...file,
      sha256: now.file.sha256,
      size: now.file.size,
      at: now.file.storedAt,
    });
  const promises = now?.row.promised ?? [];
  if (
    promises.some(
      ({ name, size, sha256 }) => name === file.name && size === stat.size && sha256 === (found || sha256),
    )
  ) {
    context.note('unfinished', file.name, 'a run that was cut off has replaced it; the next one goes on');
    return;
  }
  const is = found === '' ? `${stat.size} bytes` : `${stat.size} bytes, SHA-256 ${found}`;
  context.difference('changed', file.name, `${is}; stored were ${file.size} bytes, SHA-256 ${file.sha256}`);
}

async function missing(context: VerifyContext, file: Expected): Promise<void> {
  const row = (await context.catalog.item(file.item))?.value;
  if (row?.state === 'pruned') return;
  if (row?.pruning !== undefined && row.name === file.name) {
    context.note('unfinished', file.name, 'Retention Count was removing it; the next run goes on');
    return;
  }
  context.difference('missing', file.name, `${file.size} bytes, stored at ${file.at}, are not there`);
}
