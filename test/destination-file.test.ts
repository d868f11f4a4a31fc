import { after, before } from 'node:test';
import { describeDestinationContract } from './contract/destination-contract.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { blobPlace, folderPlace, memoryPlace } from './support/file-places.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

describeDestinationContract('folder', folderPlace);
describeDestinationContract('folder without hard links', () => folderPlace({ hardLinks: false }));
describeDestinationContract('Azure Blob', () => blobPlace(azurite));
// The stand-in of other tests keeps to the same contract.
describeDestinationContract('memory', memoryPlace);
