import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describePlugin } from 'integration-client-for-beyondtrust-on-azure/destination-contract';
import { plugin } from './index.js';

describePlugin('example', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'example-destination-'));
  return {
    plugin,
    settings: { directory },
    read: ({ name }) => readFile(join(directory, 'archive', name)),
    remove: () => rm(directory, { recursive: true }),
  };
});
