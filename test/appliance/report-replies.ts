import {
  errorReply,
  namespaceAttribute,
  type Reply,
  type ReplyBody,
  xmlHead,
  xmlReply,
  xmlType,
} from './reply.ts';
import type { World } from './world.ts';

/** Pieces are gathered to about this size before they go out. */
export const pieceBytes = 64 * 1024;

/** Every refusal of a report is an error document with status 200. */
export function refuse(world: World, message: string): Reply {
  return errorReply(world.settings.namespace, message);
}

/** @param subject what there is none of: `Support report information` */
export function emptyReply(world: World, root: string, subject: string): Reply {
  const { emptyReport, namespace } = world.settings;
  if (emptyReport === 'empty-list') return xmlReply(`<${root}${namespaceAttribute(namespace)} />`);
  return refuse(
    world,
    emptyReport === 'error'
      ? `No ${subject} matching your chosen criteria is available.`
      : `Aucune information de rapport ${subject.replace(/ report information$/, '')} correspondant à vos critères n’est disponible.`,
  );
}

/** A list as XML, made as it goes out; `rows` is asked again for a second sending. */
export function listReply(world: World, root: string, rows: () => Iterable<string>): Reply {
  return streamed({
    length: undefined,
    *chunks() {
      let text = `${xmlHead}<${root}${namespaceAttribute(world.settings.namespace)}>\n`;
      for (const row of rows()) {
        text += row;
        if (text.length < pieceBytes) continue;
        yield Buffer.from(text);
        text = '';
      }
      yield Buffer.from(`${text}</${root}>\n`);
    },
  });
}

export function streamed(body: ReplyBody): Reply {
  return { status: 200, contentType: xmlType, body, framing: 'chunked' };
}
