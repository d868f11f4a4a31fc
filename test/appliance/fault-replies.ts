import {
  deniedReply,
  errorReply,
  htmlReply,
  namespaceAttribute,
  type Reply,
  textReply,
  xmlReply,
} from './reply.ts';
import type { FaultKind } from './simulated-appliance.ts';
import { xmlText } from './xml-text.ts';

/** The reply of a fault that answers in place of the appliance; `undefined` for one that meddles with the sending. */
export function faultReply(fault: FaultKind, namespace: string): Reply | undefined {
  switch (fault.kind) {
    case 'unauthorized':
    case 'evict-token':
      return deniedReply();
    case 'too-many-requests':
      return textReply(429, 'text/plain', 'Too many requests\n', {
        'X-RateLimit-Remaining': '0',
        ...(fault.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(fault.retryAfterSeconds) }),
      });
    case 'server-error':
      return htmlReply(fault.status ?? 500, 'Server Error', 'The request could not be processed.');
    case 'html':
      return htmlReply(200, 'Sign in', 'Please sign in to go on.');
    case 'error-document': {
      const message = fault.message ?? 'The search could not be completed.';
      const attributes = fault.attributes ? ' code="42" xml:lang="en"' : '';
      if (!fault.nested) return errorReply(namespace, message, attributes);
      const error = `<error${attributes}>${xmlText(message)}</error>`;
      return xmlReply(`<session_list${namespaceAttribute(namespace)}>\n    ${error}\n</session_list>`);
    }
    case 'recording-not-ready':
      return errorReply(namespace, 'This recording is still being processed. Please try again later.');
    case 'recording-expired':
      return errorReply(namespace, 'This recording has expired and can no longer be viewed or downloaded.');
    case 'refuse':
    case 'stall':
    case 'reset':
    case 'cut':
    case 'slow-drip':
      return undefined;
  }
}
