import { createHash } from 'node:crypto';
import type { ChannelId, Notice, NoticeKind, TroubleKind } from './trouble.ts';

/** What is sent, however it travels. */
export interface Message {
  /** The same for the same content: a repeat can be told from a second message. */
  readonly id: string;
  /** One line, without the prefix. */
  readonly subject: string;
  readonly text: string;
  /** For machines. */
  readonly troubles: readonly object[];
}

const MOST_SHOWN = 50;

const headings: readonly (readonly [NoticeKind, string])[] = [
  ['new', 'New'],
  ['again', 'Still going on'],
  ['over', 'Over'],
];

const kinds: Readonly<Record<TroubleKind, string>> = {
  failed: 'Failed',
  partial: 'Incomplete',
  alarm: 'Alarm',
  silence: 'Silence',
  ledger: 'Growing ledger',
  gap: 'Coverage',
};

export function messageOf(channel: ChannelId, notices: readonly Notice[]): Message {
  const parts = headings.map(([notice, heading]) => ({
    heading,
    of: notices.filter((each) => each.notice === notice),
  }));
  const filled = parts.filter(({ of }) => of.length > 0);
  const [only] = notices.length === 1 ? notices : [];
  const subject = only
    ? `${only.notice === 'over' ? 'Over: ' : ''}${kinds[only.trouble.kind]}: ${only.trouble.title}`
    : filled.map(({ heading, of }) => `${heading}: ${of.length}`).join(', ');
  const text = filled
    .map(({ heading, of }) => [`${heading} (${of.length})`, '', ...linesOf(of)].join('\n'))
    .join('\n');
  return {
    id: idOf(channel, notices),
    subject,
    text: `${text}\n`,
    troubles: notices.slice(0, MOST_SHOWN).map(shown),
  };
}

export function testMessage(now: number): Message {
  const text = `This is a test message of the Integration Client, sent at ${new Date(now).toISOString()}.\n`;
  const id = createHash('sha256').update(`test ${now} ${Math.random()}`).digest('hex').slice(0, 32);
  return { id, subject: 'Test message', text, troubles: [] };
}

function linesOf(notices: readonly Notice[]): string[] {
  const lines = notices.slice(0, MOST_SHOWN).flatMap(({ trouble }) => {
    const { kind, title, message, since, over, count, event, runId } = trouble;
    const times = event ? '' : `  Since ${iso(since)}${over === undefined ? '' : `, over at ${iso(over)}`}.`;
    const often = count > 1 ? `  Met ${count} times.` : '';
    const run = runId === undefined ? '' : `  Run ${runId}.`;
    return [`* ${kinds[kind]}: ${title}`, `  ${message}`, `${times}${often}${run}`, ''];
  });
  const more = notices.length - MOST_SHOWN;
  return more > 0 ? [...lines, `And ${more} more.`, ''] : lines;
}

function shown({ key, notice, trouble }: Notice): object {
  const { told: _told, since, last, over, ...rest } = trouble;
  return {
    key,
    notice,
    ...rest,
    since: iso(since),
    last: iso(last),
    ...(over === undefined ? {} : { over: iso(over) }),
  };
}

function idOf(channel: ChannelId, notices: readonly Notice[]): string {
  const content = notices.map(({ key, notice, trouble }) => [key, notice, trouble.count, trouble.over ?? 0]);
  return createHash('sha256')
    .update(JSON.stringify([channel, content]))
    .digest('hex')
    .slice(0, 32);
}

const iso = (ms: number) => new Date(ms).toISOString();
