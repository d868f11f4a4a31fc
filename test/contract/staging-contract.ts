import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { Failure } from '../../shared/errors.ts';
import type { StagingStore } from '../../shared/state/staging.ts';

export async function* inChunks(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** What every staging adapter must do; `open` gives one on an empty place. */
export function describeStagingContract(name: string, open: () => Promise<StagingStore>): void {
  describe(`staging contract: ${name}`, () => {
    let staging: StagingStore;
    before(async () => {
      staging = await open();
    });
    const names = async (prefix: string) => {
      const found: string[] = [];
      for await (const entry of staging.list(prefix)) found.push(entry.name);
      return found;
    };
    const missing = (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual([error.kind, error.code], ['transient', 'staging-missing']);
      return true;
    };

    test('listing and reading before anything was staged', async () => {
      assert.deepEqual(await names(''), []);
      await assert.rejects(readAll(staging.read('run-1/a.xml')), missing);
      await staging.remove('run-1/a.xml');
    });

    for (const size of [0, 1, 70_000, 9 * 1024 * 1024 + 17]) {
      test(`${size} bytes come back as they were, with their size and hash`, async () => {
        const bytes = randomBytes(size);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const name = `sizes/${size}.xml`;
        assert.deepEqual(await staging.write(name, inChunks(bytes, 60_000)), { bytes: size, sha256 });
        assert.ok((await readAll(staging.read(name))).equals(bytes));
        // It can be read again, by several at once.
        const again = await Promise.all([readAll(staging.read(name)), readAll(staging.read(name))]);
        assert.ok(again.every((copy) => copy.equals(bytes)));
        await staging.remove(name);
      });
    }

    test('nothing is to be seen until all is written, and nothing when the source fails', async () => {
      const failure = new Failure('transient', 'truncated', 'the source ended early');
      async function* failing(expected: string[]) {
        yield randomBytes(5_000_000);
        assert.deepEqual(await names('half/'), expected);
        throw failure;
      }
      await assert.rejects(staging.write('half/a.xml', failing([])), (error) => error === failure);
      assert.deepEqual(await names('half/'), []);
      await assert.rejects(readAll(staging.read('half/a.xml')), missing);
      await staging.write('half/a.xml', inChunks(Buffer.from('whole'), 2));
      await assert.rejects(
        staging.write('half/a.xml', failing(['half/a.xml'])),
        (error) => error === failure,
      );
      assert.equal((await readAll(staging.read('half/a.xml'))).toString(), 'whole');
    });

    test('a range gives the bytes in it, as far as there are any', async () => {
      await staging.write('range/a', inChunks(Buffer.from('0123456789'), 3));
      const part = async (from: number, to: number) =>
        (await readAll(staging.read('range/a', { from, to }))).toString();
      assert.deepEqual(
        [await part(0, 1), await part(2, 7), await part(8, 50), await part(0, 10), await part(10, 12)],
        ['0', '23456', '89', '0123456789', ''],
      );
      await assert.rejects(readAll(staging.read('range/none', { from: 0, to: 1 })), missing);
    });

    test('writing again replaces; the old bytes are read until then', async () => {
      await staging.write('again', inChunks(Buffer.from('first'), 2));
      async function* slow() {
        yield Buffer.from('sec');
        assert.equal((await readAll(staging.read('again'))).toString(), 'first');
        yield Buffer.from('ond');
      }
      await staging.write('again', slow());
      assert.equal((await readAll(staging.read('again'))).toString(), 'second');
    });

    test('of two writers of one name at once one content stays whole; who is overtaken is told to try again', async () => {
      const contents = [Buffer.alloc(300_000, 'a'), Buffer.alloc(200_000, 'b')];
      const results = await Promise.allSettled(
        contents.map((content) => staging.write('race/x', inChunks(content, 1_000))),
      );
      const found = await readAll(staging.read('race/x'));
      assert.ok(contents.some((content, i) => content.equals(found) && results[i]?.status === 'fulfilled'));
      for (const result of results) {
        if (result.status === 'rejected') assert.equal((result.reason as Failure).kind, 'transient');
      }
      assert.deepEqual(await names('race/'), ['race/x']);
    });

    test('listing by prefix, in order; removing leaves the others', async () => {
      for (const name of ['l/b/2', 'l/a', 'l/b/10', 'l/bc', 'm'])
        await staging.write(name, inChunks(Buffer.from(name), 9));
      assert.deepEqual(await names('l/'), ['l/a', 'l/b/10', 'l/b/2', 'l/bc']);
      assert.deepEqual(await names('l/b'), ['l/b/10', 'l/b/2', 'l/bc']);
      assert.deepEqual(await names('l/b/'), ['l/b/10', 'l/b/2']);
      await staging.remove('l/b/10');
      await staging.remove('l/b/2');
      assert.deepEqual(await names('l/'), ['l/a', 'l/bc']);
      await staging.write('l/b/3', inChunks(Buffer.from('x'), 9));
      assert.deepEqual(await names('l/b/'), ['l/b/3']);
    });

    test('removing and writing in one place at the same time loses nothing that was written', async () => {
      await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          await staging.write(`busy/${i % 3}/${i}`, inChunks(Buffer.from('x'), 9));
          if (i % 2 === 0) await staging.remove(`busy/${i % 3}/${i}`);
        }),
      );
      assert.deepEqual(await names('busy/'), [
        'busy/0/3',
        'busy/0/9',
        'busy/1/1',
        'busy/1/7',
        'busy/2/11',
        'busy/2/5',
      ]);
    });

    test('names that could lead elsewhere are refused', async () => {
      for (const name of [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '..',
        'a/../b',
        '.partial/x',
        'a\\b',
        'ä',
        'x'.repeat(600),
      ]) {
        await assert.rejects(staging.write(name, inChunks(Buffer.from('x'), 9)), RangeError, name);
        await assert.rejects(readAll(staging.read(name)), RangeError, name);
      }
    });
  });
}
