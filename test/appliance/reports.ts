import { hash } from 'node:crypto';
import { moreReports } from './more-reports.ts';
import { namespaceAttribute, type Reply, xmlHead } from './reply.ts';
import { emptyReply, listReply, pieceBytes, refuse, streamed } from './report-replies.ts';
import { type ReportSelector, readSelector } from './selectors.ts';
import type { World } from './world.ts';
import { xmlAttribute } from './xml-text.ts';

type Parameters = Readonly<Record<string, string>>;

const support = 'Support report information';

/** `/api/reporting`. Only the reports of its own product; every refusal is an error document with status 200. */
export function reportReply(world: World, parameters: Parameters): Reply {
  const prefix = world.settings.product === 'RS' ? 'SupportSession' : 'AccessSession';
  switch (parameters.generate_report) {
    case prefix:
      return sessionsReply(world, parameters);
    case `${prefix}Listing`:
      return listingReply(world, parameters);
    case `${prefix}Recording`:
      return recordingReply(world, parameters);
    default:
      return moreReports(world, parameters) ?? refuse(world, 'The report type is not valid.');
  }
}

function sessionsReply(world: World, parameters: Parameters): Reply {
  const selector = readSelector(parameters, true);
  if ('wrong' in selector) return refuse(world, selector.wrong);
  const now = world.clock.now();
  const indexes = () => select(world, selector, now);
  if (indexes().next().done) {
    return selector.kind === 'lsids'
      ? refuse(world, 'Invalid lsid.')
      : emptyReply(world, 'session_list', support);
  }
  const attributes = `${namespaceAttribute(world.settings.namespace)} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;
  const xmlOf = world.beginReading();
  return streamed({
    length: undefined,
    *chunks(sent) {
      let gathered = [Buffer.from(`${xmlHead}<session_list${attributes}>\n`)];
      let gatheredBytes = gathered[0]?.length ?? 0;
      let made = gatheredBytes;
      for (const index of indexes()) {
        const bytes = Buffer.from(`${xmlOf(index, now)}\n`);
        gathered.push(bytes);
        gatheredBytes += bytes.length;
        made += bytes.length;
        // The line feed after the end tag is not the session's.
        sent?.add(index, hash('sha256', bytes.subarray(0, -1), 'buffer'), made - 1);
        if (gatheredBytes < pieceBytes) continue;
        yield Buffer.concat(gathered);
        gathered = [];
        gatheredBytes = 0;
      }
      gathered.push(Buffer.from('</session_list>\n'));
      yield Buffer.concat(gathered);
    },
  });
}

function listingReply(world: World, parameters: Parameters): Reply {
  const selector = readSelector(parameters, false);
  if ('wrong' in selector) return refuse(world, selector.wrong);
  const now = world.clock.now();
  const indexes = () => select(world, selector, now);
  if (indexes().next().done) return emptyReply(world, 'session_summary_list', support);
  return listReply(world, 'session_summary_list', function* () {
    for (const index of indexes()) {
      const { session } = world.generator.facts(index, now);
      const key = session.externalKey ? ` external_key="${xmlAttribute(session.externalKey)}"` : '';
      const recorded = session.recordings.session ? '1' : '0';
      yield `<session_summary lsid="${session.lsid}" has_recording="${recorded}"${key} />\n`;
    }
  });
}

function recordingReply(world: World, parameters: Parameters): Reply {
  const now = world.clock.now();
  const lsid = parameters.lsid ?? '';
  const index = world.find(lsid, now);
  if (index === undefined) return refuse(world, 'Invalid lsid.');
  if (world.population.endOf(index) > now) return refuse(world, 'The session has not ended yet.');
  const body = world.recording(index);
  if (!body) return refuse(world, 'No recording is available for this session.');
  return {
    status: 200,
    contentType: 'video/x-flv',
    headers: { 'Content-Disposition': `attachment; filename="${world.ids.lsid(index)}.flv"` },
    body,
    framing: world.settings.bodyFraming,
  };
}

/** In start order, or in the order the lsids were given; unknown lsids among known ones are left out. */
function* select(world: World, selector: ReportSelector, now: number): Generator<number> {
  const { sessions } = world.withheld;
  for (const index of selected(world, selector, now))
    if (sessions.size === 0 || !sessions.has(world.ids.lsid(index))) yield index;
}

function* selected(world: World, selector: ReportSelector, now: number): Generator<number> {
  if (selector.kind === 'lsids') {
    const indexes = selector.lsids.map((lsid) => world.find(lsid, now));
    for (const index of new Set(indexes)) if (index !== undefined) yield index;
    return;
  }
  const { from, to } = selector;
  yield* selector.by === 'start'
    ? world.population.startedIn(from, to, now)
    : world.population.endedIn(from, to, now);
}
