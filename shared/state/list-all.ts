import type { Collection, Entry, ListRange, Page, StateStore } from './state-store.ts';

/** Every entry of a partition, or of a range of its keys, in key order; a page is asked for when it is come to. */
export async function* listAll<T>(
  state: Pick<StateStore, 'list'>,
  collection: Collection,
  partition: string,
  range: ListRange = {},
): AsyncGenerator<Entry<T>, void, undefined> {
  let from = range.from;
  do {
    const page: Page<T> = await state.list<T>(collection, partition, {
      ...range,
      ...(from === undefined ? {} : { from }),
    });
    yield* page.entries;
    from = page.next;
  } while (from !== undefined);
}
