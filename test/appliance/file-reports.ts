import { gzipSync } from 'node:zlib';
import { archiveOf } from './activity/archives.ts';
import { findRecording, type OtherRecording } from './activity/recordings.ts';
import { errorReply, type Reply, xmlReply } from './reply.ts';
import { refuse } from './report-replies.ts';
import type { World } from './world.ts';

type Parameters = Readonly<Record<string, string>>;

export const noArchives = 'No archives found for the given search criteria.';

export function recordingReply(world: World, kind: OtherRecording, parameters: Parameters): Reply {
  const { lsid = '', instance, format } = parameters;
  const found = findRecording(world, kind, { lsid, instance, format }, world.clock.now());
  if ('wrong' in found) return refuse(world, found.wrong);
  const name = [lsid, ...(instance === undefined ? [] : [instance]), found.extension].join('.');
  return {
    status: 200,
    contentType: found.contentType,
    headers: { 'Content-Disposition': `attachment; filename="${name}"` },
    body: found.body,
    framing: world.settings.bodyFraming,
  };
}

export function zipReply(world: World, name: string, content: Buffer): Reply {
  return fileReply(world, 'application/zip', `${name}.zip`, content);
}

function fileReply(world: World, contentType: string, name: string, content: Buffer): Reply {
  return {
    status: 200,
    contentType,
    headers: { 'Content-Disposition': `attachment; filename="${name}"` },
    body: { length: content.length, chunks: () => [content] },
    framing: world.settings.bodyFraming,
  };
}

/** The refusal comes compressed, as the archive would (observed). */
export function archiveReply(world: World, { date = '', type = '', index = '' }: Parameters): Reply {
  const content = archiveOf(world, date, type, index, world.clock.now());
  if (content) return fileReply(world, 'application/x-gzip', `${type}-${date}-${index}.json.gz`, content);
  const error = [...errorReply(world.settings.namespace, noArchives).body.chunks()];
  return fileReply(world, 'application/x-gzip', 'error.gz', gzipSync(Buffer.concat(error)));
}

/** What it really answers is in no source. */
export function jumpItemReply(world: World): Reply {
  return xmlReply(`<jump_item_list><jump_item id="${world.settings.seed}" name="web01" /></jump_item_list>`);
}
