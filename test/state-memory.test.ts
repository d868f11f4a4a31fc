import { describeStagingContract } from './contract/staging-contract.ts';
import { describeStateContract } from './contract/state-contract.ts';
import { memoryStaging } from './support/memory-staging.ts';
import { MemoryState } from './support/memory-state.ts';

// What simulations stand on.
const state = new MemoryState();
describeStateContract('memory', async () => state);
describeStagingContract('memory', async () => memoryStaging());
