import type { Finding, Verified, VerifyProgress } from '../../shared/destinations/evidence.ts';
import { Failure, reportFailure } from '../../shared/errors.ts';
import type { Services } from '../../shared/services.ts';
import type { DestinationSetting } from '../../shared/settings/destination.ts';
import { loadSettings } from '../../shared/settings/settings-store.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { installationOptions, installationUsage, openServices } from './open-services.ts';
import { readArgs } from './read-args.ts';

const usage = `npm run cli -- verify [options]

Reads every stored file and every manifest again and names what is missing, changed, extra, and where the chain of
manifests is broken. Removes and changes nothing. Runs may go on meanwhile.

${installationUsage}
  --destination ID   this destination only; all that keep files, if left out
  --json             findings and results as JSON lines

Exit code: 0 everything is as it was stored, 1 there are differences, 2 it could not be found out.
`;

interface Outcome {
  readonly destination: string;
  readonly result?: Verified;
  readonly failure?: string;
}

/** The findings of a destination at most, as text; with --json all of them. */
const mostShown = 1_000;

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'hold stored files against their manifests and the catalog',
  usage,
  async run(args, terminal) {
    const options = readArgs(args, {
      ...installationOptions,
      destination: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const services = await openServices(options);
    try {
      const chosen = await chooseDestinations(services, options.destination);
      const outcomes: Outcome[] = [];
      for (const setting of chosen) {
        const outcome = await verifyOne(services, setting, terminal, options.json);
        if (outcome !== undefined) outcomes.push(outcome);
      }
      if (outcomes.length === 0) throw new UsageError('No destination of this installation keeps files.');
      if (outcomes.some(({ failure }) => failure !== undefined)) return 2;
      return outcomes.some(({ result }) => (result?.differences ?? 0) > 0) ? 1 : 0;
    } finally {
      await services.close();
    }
  },
};

async function chooseDestinations(
  { state }: Services,
  id: string | undefined,
): Promise<readonly DestinationSetting[]> {
  const { destinations } = (await loadSettings(state)).settings;
  if (id === undefined) return destinations;
  const found = destinations.filter((one) => one.id === id);
  if (found.length === 0) {
    const ids = destinations.map((one) => one.id).join(', ');
    throw new UsageError(`--destination ${id}: there is no such destination; there are: ${ids || 'none'}.`);
  }
  return found;
}

/** Undefined for a destination that keeps no files. One that cannot be read does not hide what others have. */
async function verifyOne(
  services: Services,
  setting: DestinationSetting,
  terminal: Terminal,
  json: boolean,
): Promise<Outcome | undefined> {
  const destination = setting.id;
  const show = json ? jsonLines(destination, terminal) : textLines(setting.name, terminal);
  try {
    const { evidence } = await services.destination(setting);
    if (evidence === undefined) return undefined;
    const result = await evidence.verify({
      onFinding: show.finding,
      onProgress: (progress) => terminal.progress(progressLine(setting.name, progress)),
    });
    show.result(result);
    return { destination, result };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const failure = reportFailure(error).message;
    if (json) terminal.out(`${JSON.stringify({ destination, failure })}\n`);
    else terminal.say(failure);
    return { destination, failure };
  }
}

interface Show {
  finding(finding: Finding): void;
  result(result: Verified): void;
}

function jsonLines(destination: string, { out }: Terminal): Show {
  return {
    finding: (finding) => out(`${JSON.stringify({ destination, ...finding })}\n`),
    result: (result) => out(`${JSON.stringify({ destination, result })}\n`),
  };
}

function textLines(name: string, { out }: Terminal): Show {
  let shown = 0;
  return {
    finding({ level, kind, name: file, detail }) {
      if (++shown <= mostShown)
        out(`${level === 'note' ? 'note ' : ''}${kind}: ${printable(file)}: ${detail}\n`);
      else if (shown === mostShown + 1) out('… and more; --json lists all of them.\n');
    },
    result({ files, bytes, manifests, pruned, differences, notes, head }) {
      out(
        `${name}: ${files} files (${bytes} bytes) and ${manifests} manifests are as they were stored; ` +
          `${pruned} were removed by Retention Count; ${differences} differences, ${notes} notes.\n`,
      );
      if (head) out(`Last manifest: ${head.name}, number ${head.sequence}, SHA-256 ${head.sha256}\n`);
    },
  };
}

/** A file that nobody here has named may have anything in its name, what moves a terminal's cursor included. */
function printable(name: string): string {
  return name.replace(/\p{C}/gu, '\ufffd');
}

function progressLine(name: string, { phase, done, of, bytes }: VerifyProgress): string {
  const megabytes = bytes > 0 ? `, ${Math.round(bytes / 1e6)} MB` : '';
  return `${name}: ${phase} ${done}${of === undefined ? '' : ` of ${of}`}${megabytes}`;
}
