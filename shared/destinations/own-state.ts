import { Failure } from '../errors.ts';
import { type Collection, type StateStore, stateKey } from '../state/state-store.ts';

/** The part of the state that is a destination's own: collection `catalog`, its id as partition. */
export function ownState(state: StateStore, destinationId: string): StateStore {
  const check = (collection: Collection, partition: string) => {
    if (collection === 'catalog' && partition === stateKey(destinationId)) return;
    const told = `a destination keeps what it remembers in the catalog, under its id "${destinationId}"`;
    throw new Failure('terminal', 'no-access', told);
  };
  return {
    async get(collection, partition, key) {
      check(collection, partition);
      return state.get(collection, partition, key);
    },
    async list(collection, partition, range) {
      check(collection, partition);
      return state.list(collection, partition, range);
    },
    async insert(collection, partition, key, value) {
      check(collection, partition);
      return state.insert(collection, partition, key, value);
    },
    async update(collection, partition, key, value, etag) {
      check(collection, partition);
      return state.update(collection, partition, key, value, etag);
    },
    async put(collection, partition, key, value) {
      check(collection, partition);
      return state.put(collection, partition, key, value);
    },
    async remove(collection, partition, key, etag) {
      check(collection, partition);
      return state.remove(collection, partition, key, etag);
    },
    async batch(collection, partition, operations) {
      check(collection, partition);
      return state.batch(collection, partition, operations);
    },
    // It is everybody's.
    async close() {},
  };
}
