import { deepText, type XmlElement } from '../../sessions/xml-element.ts';
import { shownWords } from '../error-document.ts';
import type { SiteLink } from '../site-link.ts';
import { parseSmallXml } from '../small-xml.ts';
import type { Parameters } from '../transport.ts';

export type CommandAnswer = { readonly root: XmlElement } | { readonly error: string };

/** Lists of clients may be long. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * One request and its answer. Parameters go in the body, where no log of URLs has them. An error is `<error>` as root or as
 * a child of it (API guide), in whatever language. `attempt` is as in ApiRequest. Throws `wrong-secret`, and what transport and parser throw.
 */
export async function sendCommand(
  { caller }: SiteLink,
  action: string,
  parameters: Parameters,
  signal: AbortSignal,
  attempt: { mayBeDone: boolean } = { mayBeDone: false },
): Promise<CommandAnswer> {
  const what = `the command ${action}`;
  const post = Object.keys(parameters).length > 0;
  const reply = await caller.call({
    what,
    api: 'command',
    parameters: { action, ...parameters },
    post,
    attempt,
    signal,
  });
  const root = parseSmallXml(await reply.body.small(MOST_BYTES), what);
  const error = root.name === 'error' ? root : root.children.find(({ name }) => name === 'error');
  if (error === undefined) return { root };
  const words = shownWords(deepText(error));
  const refused = caller.badLogin(words);
  if (refused !== undefined) throw refused;
  return { error: words };
}
