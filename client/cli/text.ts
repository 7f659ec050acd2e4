// Turning values into text for people. No I/O.

/** Control characters of foreign text must not reach a terminal: they could move its cursor or answer its queries. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** Without what colours text or moves cursors: escape sequences go as a whole, an unfinished one up to where text could begin. */
export function withoutSequences(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const strings = /(?:\u001b[\]P^_X]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)/g;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const controls = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g;
  return text.replace(strings, '').replace(controls, '');
}

/** Where a sequence begins that the text ends before, or -1. */
export function openSequenceAt(text: string): number {
  return text.search(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /(?:\u001b\[|\u009b)[0-?]*[ -/]*$|(?:\u001b[\]P^_X]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*\u001b?$|\u001b[ -/]*$/,
  );
}

/** `1 file`, `2 files`. */
export function counted(number: number, noun: string, several = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : several}`;
}

export function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' ').trim());
}

export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${pad(Math.floor(seconds % 60))}s`;
  return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
}

/** How long ago an ISO time is, in one unit. */
export function age(time: string | undefined, now: number): string {
  if (time === undefined) return '';
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** From the start of a thing to its end, or to now. */
export function elapsed(from: string | undefined, to: string | undefined, now: number): string {
  return from === undefined ? '' : duration((to === undefined ? now : Date.parse(to)) - Date.parse(from));
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
