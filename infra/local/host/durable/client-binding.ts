export interface ClientBindingOptions {
  readonly hubName: string;
  /** For example `http://127.0.0.1:7071`. */
  readonly origin: string;
  /** Where the management API is called from this process, without a slash at the end. */
  readonly rpcUrl: string;
  /** Of the management API. */
  readonly key: string;
}

/** What an instance id stands for in the templates that `durable-functions` fills in. */
const placeholder = 'INSTANCEID';

export interface ManagementUrls extends Readonly<Record<string, string>> {
  readonly statusQueryGetUri: string;
}

export function managementUrls(
  instanceId: string,
  { hubName, origin, key }: ClientBindingOptions,
): ManagementUrls {
  const instance = `${origin}/runtime/webhooks/durabletask/instances/${encodeURIComponent(instanceId)}`;
  const query = `taskHub=${encodeURIComponent(hubName)}&connection=Storage&code=${key}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

/** The JSON text a durableClient input binding holds. Without `rpcBaseUrl` the package calls port 7071. */
export function clientBinding(options: ClientBindingOptions): string {
  const base = `${options.origin}/runtime/webhooks/durabletask`;
  const start = `${base}/orchestrators/{functionName}[/{instanceId}]`;
  return JSON.stringify({
    taskHubName: options.hubName,
    creationUrls: {
      createNewInstancePostUri: `${start}?code=${options.key}`,
      createAndWaitOnNewInstancePostUri: `${start}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&code=${options.key}`,
    },
    managementUrls: managementUrls(placeholder, options),
    baseUrl: base,
    requiredQueryStringParameters: `code=${options.key}`,
    rpcBaseUrl: `${options.rpcUrl}/`,
  });
}
