// An event is told in one message, and the socket carries no message of any size: what an agent says beyond it is left out, and counted.
import { limits } from '../../../schemas/limits.ts';
import type { NewHostEvent } from './event-file.ts';

const shortBytes = 1024;

/** The event itself while it is small enough; else its long parts are cut, and objects among them get `leftOutBytes`. */
export function boundedEvent(event: NewHostEvent): NewHostEvent {
  if (bytesOf(event.data) <= limits.hostEventBytes) return event;
  const parts = Object.entries(event.data).map(([name, value]) => [name, shortened(value)]);
  return { ...event, data: Object.fromEntries(parts) } as NewHostEvent;
}

function shortened(value: unknown): unknown {
  const sizeBytes = bytesOf(value);
  if (sizeBytes <= shortBytes) return value;
  if (typeof value === 'string') return value.slice(0, shortBytes);
  if (Array.isArray(value)) return value.filter((one) => bytesOf(one) <= shortBytes).slice(0, limits.hostOptions);
  const kept = Object.entries(value as object).filter(([, part]) => bytesOf(part) <= shortBytes);
  return { ...Object.fromEntries(kept.slice(0, limits.hostOptions)), leftOutBytes: sizeBytes };
}

function bytesOf(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}
