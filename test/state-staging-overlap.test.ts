import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openFolderStaging } from '../shared/state/folder-staging.ts';

const base = mkdtempSync(join(tmpdir(), 'staging-overlap-'));
after(() => rmSync(base, { recursive: true, force: true }));

test('a slice can be staged at the very moment that the last other one of its run is dropped', async () => {
  const staging = openFolderStaging(join(base, 'staging'));
  const hand = async (name: string) => {
    for (let turn = 0; turn < 150; turn++) {
      const { bytes } = await staging.write(name, pieces());
      assert.equal(bytes, 3);
      await staging.remove(name);
    }
  };
  await Promise.all(['run/a.xml', 'run/b.xml', 'run/c.xml', 'run/d.xml'].map(hand));
});

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('abc');
}
