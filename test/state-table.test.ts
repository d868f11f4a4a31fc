import { after, before } from 'node:test';
import { openTableState } from '../shared/state/table-state.ts';
import { describeStateContract } from './contract/state-contract.ts';
import { type Azurite, startAzurite } from './support/azurite.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite?.stop());

describeStateContract('Azure Table', async () =>
  openTableState({ connectionString: azurite.connectionString, prefix: 'contract' }),
);
