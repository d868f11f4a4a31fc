import { after, before } from 'node:test';
import { describeCrashContract } from './contract/file-crash-contract.ts';
import { scenarios } from './contract/file-scenarios.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { blobPlace, folderPlace, memoryPlace } from './support/file-places.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

describeCrashContract('memory', memoryPlace);
describeCrashContract('folder', folderPlace, [['die', 'after']]);
// Each call costs a request here, so the calls that can leave something are chosen.
const some = ['a new version, AppendNumber', "overwriting another item's file"];
describeCrashContract(
  'Azure Blob',
  () => blobPlace(azurite),
  [['die', 'after']],
  scenarios.filter(({ title }) => some.includes(title)),
);
