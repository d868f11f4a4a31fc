import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SessionShelf } from './session-shelf.js';

/**
 * A plugin needs nothing but this shape. Here everything is kept in a folder: a folder for each item, named by the hash
 * of its key, with the content and a JSON file that says what it is. An item is there when its JSON file is: that is
 * written last, by a rename, which is all that makes a repeat harmless.
 */
export const plugin = {
  contract: 1,
  id: 'example',
  title: 'Example folder',
  takes: { sessions: true, files: true },
  settings: { safeParse },
  place: ({ directory }) => directory,
  async open({ settings, id, name }) {
    const { directory } = settings;
    const home = join(directory, id);
    await mkdir(home, { recursive: true });
    return {
      id,
      name,
      sessions: new SessionShelf(join(home, 'sessions')),
      files: {
        extension: 'guide',
        find: (key) => stored(join(home, folderOf(key))),
        begin: (item) => begin(join(home, folderOf(item.key)), item),
      },
      async check() {
        const path = join(home, `check-${randomUUID()}`);
        await writeFile(path, 'check', { flag: 'wx' });
        const read = await readFile(path, 'utf8');
        await rm(path);
        if (read !== 'check')
          throw failure('terminal', 'not-kept', `${home} does not keep what is written to it`);
      },
      async close() {},
    };
  },
};

function safeParse(input) {
  const issues = [];
  if (typeof input?.directory !== 'string' || input.directory === '')
    issues.push({ path: ['directory'], message: 'give a folder' });
  for (const key of Object.keys(input ?? {}))
    if (key !== 'directory') issues.push({ path: [key], message: 'is not known' });
  return issues.length > 0 ? { success: false, error: { issues } } : { success: true, data: { ...input } };
}

async function begin(folder, item) {
  const before = await facts(folder);
  if (before) {
    const { version } = item;
    if (version === undefined || before.version.hash === version.hash)
      return { status: 'unchanged', file: before.file };
    const older =
      before.version.closed !== version.closed
        ? before.version.closed
        : before.version.readAt > version.readAt;
    if (older) return { status: 'older', file: before.file };
  }
  await mkdir(folder, { recursive: true });
  // A name of its own, so that two who write the same item do not meet.
  const content = `content-${randomUUID()}`;
  const path = join(folder, content);
  const handle = await open(path, 'wx');
  const hash = createHash('sha256');
  let size = 0;
  let ended = false;
  const abort = async () => {
    if (ended) return;
    ended = true;
    await handle.close();
    await rm(path, { force: true });
  };
  const write = {
    name: `${folderOf(item.key)}/${content}`,
    async write(chunk) {
      hash.update(chunk);
      size += chunk.length;
      await handle.writeFile(chunk);
    },
    async commit(announced) {
      if (ended) throw new Error('this write has ended');
      if (size !== announced.size || hash.digest('hex') !== announced.sha256) {
        await abort();
        throw failure('transient', 'content-mismatch', 'not the bytes that were announced');
      }
      ended = true;
      await handle.sync();
      await handle.close();
      const file = {
        name: write.name,
        size,
        sha256: announced.sha256,
        verified: announced.verified,
        storedAt: new Date().toISOString(),
      };
      const next = `${path}.json`;
      await writeFile(next, JSON.stringify({ key: item.key, version: item.version, file }), { flush: true });
      await rename(next, join(folder, 'item.json'));
      return file;
    },
    abort,
  };
  return { status: 'write', write };
}

async function facts(folder) {
  try {
    return JSON.parse(await readFile(join(folder, 'item.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function stored(folder) {
  return (await facts(folder))?.file;
}

function folderOf(key) {
  return createHash('sha256').update(key).digest('hex');
}

function failure(kind, code, message) {
  return Object.assign(new Error(message), { kind, code });
}
