import assert from 'node:assert/strict';
import type { SessionSink } from '../../shared/destinations/destination.ts';
import type { Place } from './plugin-contract.ts';
import { emptySession, praOrigin, rsOrigin, rsSession, version } from './session-sink-fixtures.ts';

/** The part of the contract for destinations that take sessions as records. */
export function describeSessions(
  inPlace: (title: string, body: (place: Place) => Promise<void>) => void,
): void {
  const withSink = (title: string, body: (sink: SessionSink, place: Place) => Promise<void>) =>
    inPlace(title, async (place) => {
      const { sessions } = await place.open();
      if (sessions) await body(sessions, place);
      else place.without = 'takes no sessions';
    });
  const other = { ...emptySession, lsid: 'ffffbbbbccccddddeeeeffff00002222' };
  const statuses = async (sink: SessionSink, ...input: Parameters<SessionSink['store']>) =>
    (await sink.store(...input)).map(({ status }) => status);

  withSink('sessions: an outcome for each, in the order given; nothing for an empty batch', async (sink) => {
    assert.deepEqual(await statuses(sink, rsOrigin, []), []);
    assert.deepEqual(await statuses(sink, rsOrigin, [version(rsSession)]), ['stored']);
    const batch = [version(other), version(rsSession), version(other)];
    assert.deepEqual(await statuses(sink, rsOrigin, batch), ['stored', 'unchanged', 'unchanged']);
  });

  withSink(
    'sessions: equal is not written, older never goes over newer, closed goes over open',
    async (sink) => {
      const at = (hash: string, closed: boolean, readAt: number) =>
        version({ ...rsSession, externalKey: hash }, { hash, closed, readAt });
      for (const [step, status] of [
        [at('a', false, 100), 'stored'],
        [at('a', false, 200), 'unchanged'],
        [at('b', false, 99), 'older'],
        [at('c', false, 300), 'replaced'],
        [at('d', true, 250), 'replaced'],
        [at('e', false, 900), 'older'],
        [at('f', true, 249), 'older'],
        [at('d', true, 900), 'unchanged'],
        [at('g', true, 901), 'replaced'],
      ] as const)
        assert.deepEqual(await statuses(sink, rsOrigin, [step]), [status], step.hash);
    },
  );

  withSink('sessions: the same lsid of two appliances is two sessions', async (sink) => {
    assert.deepEqual(await statuses(sink, rsOrigin, [version(rsSession)]), ['stored']);
    assert.deepEqual(await statuses(sink, praOrigin, [version(rsSession)]), ['stored']);
  });

  withSink('sessions: what was stored is there for an instance opened later', async (sink, place) => {
    await sink.store(rsOrigin, [version(rsSession)]);
    const later = (await place.open()).sessions ?? assert.fail();
    assert.deepEqual(await statuses(later, rsOrigin, [version(rsSession)]), ['unchanged']);
  });

  withSink('sessions: a batch of some hundred with the texts that people write', async (sink) => {
    const texts = ['', ' ', `'; DROP TABLE session; --`, 'Grüße, 日本語, עברית', '😀', 'line\r\none', 'null'];
    const batch = Array.from({ length: 230 }, (_, at) =>
      version({
        ...rsSession,
        lsid: at.toString(16).padStart(32, '0'),
        externalKey: texts[at % texts.length] ?? '',
      }),
    );
    assert.ok((await statuses(sink, rsOrigin, batch)).every((status) => status === 'stored'));
    assert.ok((await statuses(sink, rsOrigin, batch)).every((status) => status === 'unchanged'));
  });
}
