/** Unix seconds as `20261120T000000Z`. */
export function compactInstant(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
