import sql from 'mssql';

/** Runs statements in a connection of their own. Rejects with the driver's error (`number`, `code`). */
export type SqlSession = (
  statements: string,
  parameters: Readonly<Record<string, string | number>>,
) => Promise<void>;

/** As the Entra administrator of the server. A token each time: waiting may outlast one. */
export function sqlSession(server: string, database: string, token: () => Promise<string>): SqlSession {
  return async (statements, parameters) => {
    const pool = new sql.ConnectionPool({
      server,
      database,
      connectionTimeout: 60_000,
      requestTimeout: 60_000,
      options: { encrypt: true },
      authentication: { type: 'azure-active-directory-access-token', options: { token: await token() } },
    });
    try {
      await pool.connect();
      const request = pool.request();
      for (const [name, value] of Object.entries(parameters)) request.input(name, value);
      await request.query(statements);
    } finally {
      await pool.close();
    }
  };
}
