import { incompleteFolder, manifestFolder } from '../store-name.ts';
import { catalogedNow } from './read-catalog.ts';
import type { VerifyContext } from './verify-context.ts';

/** Everything in the destination's folder is a file that is expected, or is named. */
export async function checkListing(context: VerifyContext): Promise<void> {
  const { index, store } = context;
  let done = 0;
  for await (const { name, size } of store.list()) {
    if (name.startsWith(`${incompleteFolder}/`))
      context.note('leftover', name, `${size} bytes of an attempt that was cut off, or is still at work`);
    else if (name.startsWith(`${manifestFolder}/`)) checkManifestName(context, name);
    else if (index.told(name)?.gone === false) index.see(name);
    else await checkUnknown(context, name, size);
    if (++done % 1000 === 0) context.progress('listing', done);
  }
  context.progress('listing', done);
}

function checkManifestName(context: VerifyContext, name: string): void {
  if (context.index.isManifest(name)) return;
  if (context.index.isPromised(name))
    context.note('unfinished', name, 'it comes into the chain when the next run ends');
  else context.difference('manifest-extra', name, 'it is in the folder and not in the chain');
}

async function checkUnknown(context: VerifyContext, name: string, size: number): Promise<void> {
  const now = await catalogedNow(context, name);
  if (now?.file !== undefined) {
    const { sha256, storedAt: at } = now.file;
    // Stored while this went on.
    context.index.settle(name, { item: now.row.key, size: now.file.size, sha256, at });
    context.index.see(name);
    return;
  }
  if (context.index.isPromised(name) || now?.row.promised?.some((promise) => promise.name === name)) {
    context.note('unfinished', name, 'a run that was cut off has made it; the next one goes on');
    return;
  }
  const told = context.index.told(name);
  context.difference(
    'extra',
    name,
    told === undefined
      ? `${size} bytes that no manifest and no catalog knows`
      : `${size} bytes, though Retention Count removed the file of this name at ${told.at}`,
  );
}
