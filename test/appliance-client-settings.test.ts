import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownWords } from '../shared/appliance/error-document.ts';
import { parseHost } from '../shared/appliance/host.ts';
import { checkPermissions } from '../shared/appliance/permissions.ts';
import { readSessionListing } from '../shared/appliance/session-listing.ts';
import { Failure } from '../shared/errors.ts';
import { withRetry } from '../shared/retry.ts';
import { collect, failsWith } from './appliance-client-support.ts';
import { pieces } from './report-reader-support.ts';

test('a host is a name or an address, with a port or without', () => {
  const rows: Record<string, [string, number, string]> = {
    'support.example.com': ['support.example.com', 443, 'support.example.com'],
    'support.example.com:8443': ['support.example.com', 8443, 'support.example.com:8443'],
    'support.example.com:443': ['support.example.com', 443, 'support.example.com'],
    localhost: ['localhost', 443, 'localhost'],
    '192.0.2.10:8443': ['192.0.2.10', 8443, '192.0.2.10:8443'],
    '[2001:db8::1]': ['2001:db8::1', 443, '[2001:db8::1]'],
    '[2001:db8::1]:8443': ['2001:db8::1', 8443, '[2001:db8::1]:8443'],
  };
  for (const [host, [hostname, port, authority]] of Object.entries(rows)) {
    assert.deepEqual(parseHost(host), { hostname, port, authority });
  }
});

test('anything else that a URL may have is refused, without repeating it', () => {
  const rows: Record<string, RegExp> = {
    'https://support.example.com': /scheme/,
    'support.example.com/login': /path/,
    'support.example.com?x': /path/,
    'admin:hunter2@support.example.com': /password/,
    '2001:db8::1': /brackets/,
    '[::1': /host/,
    '[nothex]': /host/,
    'a b': /host/,
    'host:0': /host/,
    'host:70000': /host/,
    'host:': /host/,
    '': /host/,
    'a..b': /host/,
    '-a.example': /host/,
    'evil.example\r\nX: y': /host/,
  };
  for (const [host, words] of Object.entries(rows)) {
    assert.throws(
      () => parseHost(host),
      (error) => {
        assert.ok(error instanceof Failure && error.kind === 'terminal' && error.code === 'bad-host', host);
        assert.match(error.message, words);
        assert.ok(!error.message.includes('hunter2'));
        return true;
      },
    );
  }
});

test('what an appliance says is shown on one short line without addresses and keys', () => {
  assert.equal(shownWords(' a\r\n\u0000b\u202ec '), 'a b c');
  assert.equal(shownWords('see https://a/?h=1&x=2 now'), 'see [URL] now');
  assert.equal(shownWords('x'.repeat(500)).length, 200);
  assert.equal(shownWords('lsid 3f9c2a7b5d814e60a1c2d3e4f5061728'), 'lsid 3f9c2a7b5d814e60a1c2d3e4f5061728');
});

test('permissions say what is missing', () => {
  const info = { now: 1, clock: 'command' } as const;
  const all = { perm_backup: '1', perm_command: 'full_access', perm_reporting_support: '1' };
  assert.deepEqual(checkPermissions({ ...info, product: 'RS', permissions: all }), {
    reporting: 'granted',
    recordings: 'unknown',
    backup: 'granted',
    command: 'granted',
  });
  const few = { perm_backup: '0', perm_command: 'deny', perm_reporting: '0' };
  assert.deepEqual(checkPermissions({ ...info, product: 'PRA', permissions: few }), {
    reporting: 'missing',
    recordings: 'unknown',
    backup: 'missing',
    command: 'missing',
  });
  assert.equal(checkPermissions({ ...info, product: 'RS', permissions: {} }).reporting, 'unknown');
  assert.equal(checkPermissions({ now: 1, clock: 'date-header', product: 'RS' }).command, 'missing');
});

test('retries: transient failures only, bounded, not before the time asked for', async () => {
  const flaky = (failures: Failure[]) => {
    let calls = 0;
    return async () => {
      const failure = failures[calls++];
      if (failure !== undefined) throw failure;
      return calls;
    };
  };
  const busy = () => new Failure('transient', 'busy', 'x');
  assert.equal(await withRetry(flaky([busy(), busy()]), { baseMs: 1 }), 3);
  await failsWith(withRetry(flaky([busy(), busy(), busy()]), { baseMs: 1 }), 'transient', 'busy');
  assert.equal(await withRetry(flaky([busy(), busy(), busy()]), { baseMs: 1, attempts: 4 }), 4);
  await failsWith(withRetry(flaky([new Failure('item', 'gone', 'x')]), { baseMs: 1 }), 'item', 'gone');
  await assert.rejects(
    withRetry(async () => {
      throw new TypeError('bug');
    }),
    TypeError,
  );
  const startedAt = performance.now();
  const later = new Failure('transient', 'busy', 'x', { retryAfterMs: 60 });
  await withRetry(flaky([later]), { baseMs: 1 });
  assert.ok(performance.now() - startedAt >= 59);
  const muchLater = new Failure('transient', 'busy', 'x', { retryAfterMs: 60_000 });
  await failsWith(withRetry(flaky([muchLater]), { baseMs: 1 }), 'transient', 'busy');
  const waits: number[] = [];
  let last = performance.now();
  const timed = async () => {
    waits.push(performance.now() - last);
    last = performance.now();
    throw busy();
  };
  await withRetry(timed, { baseMs: 40, attempts: 3, random: () => 0 }).catch(() => {});
  assert.ok((waits[1] ?? 0) >= 19 && (waits[2] ?? 0) >= 39, String(waits));
});

test('a listing is read to its end tag, row by row', async () => {
  const xml =
    '<?xml version="1.0"?>\n<l:session_summary_list xmlns:l="u">\n<l:session_summary lsid="a" has_recording="1" external_key="K&amp;1"/><l:session_summary lsid="b" has_recording="0" /><l:session_summary lsid="c"><l:external_key>é</l:external_key></l:session_summary></l:session_summary_list>\n';
  const bytes = Buffer.from(xml);
  for (let size = 1; size < 60; size += 7) {
    assert.deepEqual(await collect(readSessionListing(pieces(bytes, size))), [
      { lsid: 'a', hasRecording: true, externalKey: 'K&1' },
      { lsid: 'b', hasRecording: false, externalKey: null },
      { lsid: 'c', hasRecording: false, externalKey: 'é' },
    ]);
  }
  for (let length = 0; length < bytes.length - 1; length++) {
    await failsWith(
      collect(readSessionListing(pieces(bytes.subarray(0, length), 50))),
      'transient',
      'truncated',
    );
  }
  const listing = (inner: string) =>
    collect(
      readSessionListing(pieces(Buffer.from(`<session_summary_list>${inner}</session_summary_list>`), 99)),
    );
  assert.deepEqual(await listing(''), []);
  await failsWith(listing('<session_summary/>'), 'transient', 'unexpected-document');
  await failsWith(
    listing('<session_summary lsid="a"/><error>broken</error>'),
    'transient',
    'appliance-error',
  );
  await failsWith(listing('<x><session_summary lsid="a"/></x>'), 'transient', 'unexpected-document');
  await failsWith(listing('&#1;'), 'transient', 'malformed-report');
});
