import { flashVideoHeader, madeFile } from '../file-bytes.ts';
import { mixUnit, Random } from '../random.ts';
import type { ReplyBody } from '../reply.ts';
import type { World } from '../world.ts';

/** A recording's body and type, or why there is none. */
export type RecordingFound =
  | { readonly body: ReplyBody; readonly contentType: string; readonly extension: string }
  | { readonly wrong: string };

export type OtherRecording = 'command-shell' | 'show-my-screen' | 'user' | 'presentation';

/** What is asked for; the report tells which parameters it takes. */
export interface RecordingAsked {
  readonly lsid: string;
  readonly instance?: string | undefined;
  readonly format?: string | undefined;
}

const gone = { wrong: 'No recording is available for this session.' };

/** All but the recording of the session itself. */
export function findRecording(
  world: World,
  kind: OtherRecording,
  asked: RecordingAsked,
  now: number,
): RecordingFound {
  return kind === 'presentation' ? ofPresentation(world, asked, now) : ofSession(world, kind, asked, now);
}

function ofPresentation(world: World, { lsid }: RecordingAsked, now: number): RecordingFound {
  const { presentations } = world;
  const index = presentations.find(lsid, now);
  if (index === undefined) return { wrong: 'Invalid lsid.' };
  if (presentations.model(index, now).endTime === null)
    return { wrong: 'The presentation has not ended yet.' };
  return presentations.isRecorded(index) ? video(world, `presentation ${lsid}`, index) : gone;
}

function ofSession(
  world: World,
  kind: Exclude<OtherRecording, 'presentation'>,
  { lsid, instance = '0', format }: RecordingAsked,
  now: number,
): RecordingFound {
  const index = world.find(lsid, now);
  if (index === undefined) return { wrong: 'Invalid lsid.' };
  const { recordings } = world.generator.facts(index, now).session;
  if (kind === 'user') {
    return recordings.user ? video(world, `user ${lsid}`, index) : gone;
  }
  const instances = kind === 'command-shell' ? recordings.commandShell : recordings.showMyScreen;
  if (!/^\d+$/.test(instance) || !instances.includes(Number(instance))) return gone;
  if (format === undefined)
    return video(world, `${kind} ${lsid} ${instance}`, index + 7919 * Number(instance));
  if (kind !== 'command-shell' || format !== 'txt') return { wrong: 'The parameter format is not valid.' };
  const text = Buffer.from(transcript(new Random(world.settings.seed, index, 95 + Number(instance))));
  const body: ReplyBody = { length: text.length, chunks: () => [text] };
  return { body, contentType: 'text/plain; charset=UTF-8', extension: 'txt' };
}

function video(world: World, name: string, number: number): RecordingFound {
  const { seed, recordingBytes } = world.settings;
  const [smallest, largest] = recordingBytes;
  const size = smallest + Math.floor(mixUnit(seed, number, 96) * (largest - smallest + 1));
  return {
    body: madeFile(`${seed} ${name}`, flashVideoHeader, size),
    contentType: 'video/x-flv',
    extension: 'flv',
  };
}

/** Some begin like XML, as the prompt of a switch does. */
function transcript(random: Random): string {
  const prompt = random.pick(['<HPE-5130>', 'PS D:\\> ', 'root@web01:~# ', '<error-log>']);
  const lines = Array.from(
    { length: 20 + random.int(200) },
    (_, line) => `${prompt}show ${line}\r\n<error>not one</error> & ${random.hex(40)} é\r\n`,
  );
  return lines.join('');
}
