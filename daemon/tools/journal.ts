// The journal of systemd as the place of the log: lines on stderr that begin with their priority.
import { fstatSync } from 'node:fs';

/** Is this descriptor the one that the service manager connected to the journal? A variable alone is also inherited by who redirects. */
export function isJournal(stream: string | undefined, fd: number): boolean {
  const [device, inode] = (stream ?? '').split(':').map(Number);
  if (!device || !inode) return false;
  const { dev, ino } = fstatSync(fd);
  return dev === device && ino === inode;
}

/** In the numbers of syslog. */
const priorities: Readonly<Record<string, number>> = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 };

/** A line of the log as the journal takes it. */
export function withPriority(line: string): string {
  const level = /^\{"level":"(\w+)"/.exec(line)?.[1] ?? '';
  return `<${priorities[level] ?? 6}>${line}`;
}
