import { type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & { child(fields: object): Log };

/** Never written, down to the fourth level of a logged object. */
const secretKeys = ['token', 'secret', 'password', 'authorization', 'environment', 'env', 'text'];

export interface RootLog {
  readonly log: Log;
  setLevel(level: string): void;
}

/** One JSON line an entry; `write` gets whole lines. */
export function createLog(level: string, write: (line: string) => void): RootLog {
  const root = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]), censor: '[redacted]' },
    },
    { write },
  );
  return {
    log: root,
    setLevel: (next) => {
      root.level = next;
    },
  };
}
