import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionSplitter } from '../shared/imports/session-splitter.ts';

const lsids = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
const [a, b, c] = lsids;

/** What is found in a file, given in chunks of so many bytes. */
function found(text: string, chunk: number): string[] {
  const splitter = new SessionSplitter();
  const items: string[] = [];
  const bytes = Buffer.from(text);
  const take = (isEnd: boolean) => {
    for (let item = splitter.next(isEnd); item !== undefined; item = splitter.next(isEnd)) {
      items.push(`${item.kind} ${item.lsid?.[0]} ${item.at}-${item.to}`);
      if (item.kind === 'session') assert.equal(item.bytes.toString(), text.slice(item.at, item.to));
    }
  };
  for (let at = 0; at < bytes.length; at += chunk) {
    splitter.push(bytes.subarray(at, at + chunk));
    take(false);
  }
  take(true);
  return items;
}

function isFound(text: string, expected: readonly string[], chunks = [7, 1000, text.length]): void {
  for (const chunk of chunks)
    assert.deepEqual(
      found(text, chunk).map((item) => item.replace(/ \d+-\d+$/, '')),
      expected,
      `${chunk}: ${text.slice(0, 300)}`,
    );
}

const list = (...sessions: string[]) => `<session_list>\n${sessions.join('\n')}\n</session_list>\n`;
const session = (lsid: string | undefined, inside = '') =>
  `<session lsid="${lsid}"><lseq>1</lseq>${inside}<duration>1</duration></session>`;

test('sessions that are named within an element of a session are part of it', () => {
  for (const inside of [
    `<other>${session(b)}</other>`,
    `<other><x/>${session(b)}<y/></other>`,
    `<other>${session(b)}${session(c)}</other>`,
    `<other>${session(b, `<more>${session(c)}</more>`)}</other>`,
    `<other><session lsid="${b}"/></other>`,
    `<other><session lsid="${b}"/><!-- ${session(c)} --><![CDATA[${session(c)}]]></other>`,
    `<other><session>${session(b)}<x/></session></other>`,
  ])
    isFound(list(session(a, inside), session(c)), ['session a', 'session c']);
});

test('a session that has lost its end costs itself, and none of those behind it', () => {
  const cut = (inside: string) => `<session lsid="${a}"><lseq>1</lseq>${inside}`;
  for (const inside of ['', '<details>', '<details><event>', '</details>']) {
    isFound(list(cut(inside), session(b), session(c)), ['fault a', 'session b', 'session c']);
    isFound(list(cut(inside), session(b)), ['fault a', 'session b']);
    // The file ends there.
    isFound(`<session_list>${cut(inside)}${session(b)}`, ['fault a', 'session b', 'fault undefined']);
    isFound(list(cut(inside), `<session lsid="${b}"/>`), ['fault a', 'session b']);
    // Another one that is broken in its own way.
    isFound(list(cut(inside), session(b, '<x <y>'), session(c)), ['fault a', 'fault b', 'session c']);
    isFound(list(cut(inside), `<session lsid="${b}"><x>`, session(c)), ['fault a', 'fault b', 'session c']);
  }
});

test('how far is looked ahead is bounded, and what is behind it is found', () => {
  const many = Array.from({ length: 3000 }, () => session(b, `<x>${'y'.repeat(20)}</x>`));
  const items = found(list(`<session lsid="${a}"><details>`, ...many), 65_536);
  assert.deepEqual([items.length, items[0]?.slice(0, 7)], [3001, 'fault a']);
  const large = session(b, `<x>${'y'.repeat(300_000)}</x>`);
  isFound(
    list(`<session lsid="${a}"><details>`, large, session(c)),
    ['fault a', 'session b', 'session c'],
    [65_536],
  );
});

test('sessions that all have lost their ends are told in a time that grows with their number', () => {
  const lost = Array.from({ length: 4000 }, () => `<session lsid="${a}"><x>`);
  assert.equal(found(list(...lost), 65_536).length, 4000);
});
