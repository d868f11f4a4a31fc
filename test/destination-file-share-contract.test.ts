import { after, before } from 'node:test';
import { describeDestinationContract } from './contract/destination-contract.ts';
import { describeCrashContract } from './contract/file-crash-contract.ts';
import { describeOverlapContract } from './contract/file-overlap-contract.ts';
import { scenarios } from './contract/file-scenarios.ts';
import { AzureFiles } from './support/azure-files/azure-files.ts';
import { sharePlace } from './support/file-places.ts';

const azure = new AzureFiles();
before(() => azure.start());
after(() => azure.stop());

const make = () => sharePlace(azure);
describeDestinationContract('Azure Files', make);
// Each call costs a request here, so the calls that can leave something are chosen.
const some = ['a new version, AppendNumber', "overwriting another item's file"];
describeCrashContract(
  'Azure Files',
  make,
  [['die', 'after']],
  scenarios.filter(({ title }) => some.includes(title)),
);
describeOverlapContract('Azure Files', make, {
  titles: /differ, Over|older one first, Over|of one name, Over/,
});
