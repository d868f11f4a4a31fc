import { after, before } from 'node:test';
import { describeOverlapContract } from './contract/file-overlap-contract.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';
import { blobPlace, folderPlace, memoryPlace } from './support/file-places.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

// Where one file takes the place of another, both runs are stopped, at any pair of calls.
const both = /overwrite|of one name, Over|first, Over|died/;
describeOverlapContract('memory', memoryPlace, { both });
describeOverlapContract('folder', folderPlace);
describeOverlapContract('folder without hard links', () => folderPlace({ hardLinks: false }), {
  titles: /differ|of one name/,
});
// Each call costs a request here.
const titles = /differ, Over|older one first, Over|of one name, Over/;
describeOverlapContract('Azure Blob', () => blobPlace(azurite), { titles });
