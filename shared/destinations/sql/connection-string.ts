/** Keywords of ADO.NET connection strings with their other spellings, lower-case, as Microsoft.Data.SqlClient documents them. */
const keywords: Readonly<Record<string, readonly string[]>> = {
  server: ['data source', 'address', 'addr', 'network address'],
  database: ['initial catalog'],
  user: ['user id', 'uid'],
  password: ['pwd'],
  authentication: [],
  encrypt: [],
  trustservercertificate: ['trust server certificate'],
  hostnameincertificate: ['host name in certificate'],
  timeout: ['connect timeout', 'connection timeout'],
  'application name': ['app'],
  multisubnetfailover: ['multi subnet failover'],
  'packet size': [],
  'integrated security': ['trusted_connection'],
};
/** Of no meaning here: how another client pools and retries. */
const ignored = new Set([
  'persist security info',
  'persistsecurityinfo',
  'multipleactiveresultsets',
  'multiple active result sets',
  'pooling',
  'max pool size',
  'min pool size',
  'connectretrycount',
  'connect retry count',
  'connectretryinterval',
  'connect retry interval',
  'command timeout',
  'workstation id',
  'wsid',
  'application intent',
  'applicationintent',
  'load balance timeout',
  'connection lifetime',
  'type system version',
  'current language',
]);

const spellings = new Map<string, string>(
  Object.entries(keywords).flatMap(([name, others]) => [name, ...others].map((other) => [other, name])),
);

/**
 * Reads `keyword=value;…`: values may stand in single or double quotes, with the quote doubled inside. Keywords come
 * back under their first name, values as they are. Throws an Error whose message repeats no value.
 */
export function readConnectionString(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const part = /\s*([^=;]+?)\s*=\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([^;"']?[^;]*?))\s*(?:;|$)/gy;
  const end = text.trimEnd().replace(/;+$/, '').length;
  while (part.lastIndex < end) {
    const match = part.exec(text);
    if (match === null) throw new Error('a part of it is not keyword=value');
    const [, keyword = '', double, single, plain] = match;
    const lower = keyword.toLowerCase().replaceAll(/\s+/g, ' ');
    const name = spellings.get(lower);
    if (name === undefined) {
      if (ignored.has(lower)) continue;
      throw new Error(`unknown keyword "${keyword.slice(0, 40)}"`);
    }
    values.set(name, double?.replaceAll('""', '"') ?? single?.replaceAll("''", "'") ?? plain ?? '');
  }
  return values;
}
