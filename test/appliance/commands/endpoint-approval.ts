import { htmlReply, notFoundReply, type Reply, textReply } from '../reply.ts';
import type { ApiRequest } from '../request.ts';
import type { World } from '../world.ts';

/** `/api/endpoint_approval` (API guide, appendix). The id is the credential; each is good for one answer. */
export function endpointApproval({ settings, operations }: World, request: ApiRequest): Reply {
  if (settings.product !== 'PRA' || !operations.hasTicketSystem) return notFoundReply();
  if (request.method !== 'POST') return htmlReply(405, 'Method Not Allowed', 'Use POST.');
  if (request.bodyType !== 'application/x-www-form-urlencoded')
    return htmlReply(415, 'Unsupported Media Type', 'Send a form.');
  const { response_id: id = '', response = '', message = '' } = request.parameters;
  if (!operations.approvalsWaiting.has(id)) return htmlReply(403, 'Forbidden', 'The request is not valid.');
  if (!['allow', 'deny'].includes(response) || Array.from(message).length > 255)
    return htmlReply(400, 'Bad Request', 'The response is not valid.');
  operations.approvalsWaiting.delete(id);
  operations.approvals.push(request.parameters);
  return textReply(200, 'text/plain', '');
}
