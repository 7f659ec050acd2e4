import { constants } from 'node:os';

// Of two names for one number (SIGABRT, SIGIOT) the first, usual one wins.
const names = new Map<number, string>(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

export function signalName(number: number): string {
  return names.get(number) ?? `SIG${number}`;
}
