import { addCounts, noCounts, type Run } from '../../shared/runs/run.ts';
import type { Settings } from '../../shared/settings/settings.ts';
import { streamOf } from '../../shared/streams/index.ts';
import { megabytes } from './progress-display.ts';

/** What was stored where, by these runs. */
export function closingLine(runs: readonly Run[], settings: Settings): string {
  const results = runs.flatMap((run) => run.results ?? []);
  const lines = settings.destinations.flatMap(({ id, name, settings: place }) => {
    const here = results.filter(({ destinationId }) => destinationId === id);
    if (here.length === 0) return [];
    const streams = [...new Set(here.map(({ stream }) => stream))].map((stream) => {
      const counts = here
        .filter((result) => result.stream === stream)
        .reduce((sum, result) => addCounts(sum, result.counts), noCounts);
      const size = counts.bytes > 0 ? ` (${megabytes(counts.bytes)})` : '';
      return `${streamOf(stream).title} ${counts.stored} new${size}, ${counts.repeated} there already`;
    });
    return [`${name} (${placeOf(place)}): ${streams.join('; ')}`];
  });
  return lines.length > 0 ? lines.join('\n') : 'Nothing was stored.';
}

function placeOf(place: unknown): string {
  const { directory, path, container, url } = place as Record<string, string | undefined>;
  return directory ?? path ?? [url, container].filter(Boolean).join('/');
}
