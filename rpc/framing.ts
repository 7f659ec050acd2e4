// Splits a byte stream into JSON texts. Bytes are split first and decoded after, strictly.
import { isUtf8 } from 'node:buffer';
import type { ErrorKind } from '../schemas/errors.ts';
import { limits } from '../schemas/limits.ts';
import { ByteStore } from './byte-store.ts';
import { parseContentLength } from './content-length.ts';

export type Framing = 'newline' | 'headers';

export interface FrameSink {
  message(text: string): void;
  fault(kind: ErrorKind, message: string): void;
}

const lineFeed = 10;
/** What decoding puts in the place of bytes that are not UTF-8. */
const replacement = '\ufffd';
const headerEnd = Buffer.from('\r\n\r\n');

/** Incremental decoder of one stream. The first byte decides the framing; after a fault or `stop` it delivers nothing more. */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #pending = new ByteStore();
  #framing: Framing | undefined;
  #stopped = false;
  /** Length of the body that is awaited, in headers framing. */
  #bodyBytes: number | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  get framing(): Framing | undefined {
    return this.#framing;
  }

  push(chunk: Buffer): void {
    if (this.#stopped || chunk.length === 0) return;
    this.#framing ??= framingOf(chunk[0]!);
    if (this.#framing === 'newline') this.#pushLines(chunk);
    else if (this.#framing === 'headers') this.#pushHeaders(chunk);
    else this.#fault('PARSE_ERROR', 'The first byte must be "{" or "[" (one JSON message a line) or begin a Content-Length header.');
  }

  /** Ends decoding and gives back the bytes that wait for the rest of their message. */
  stop(): Buffer {
    this.#stopped = true;
    return this.#pending.take();
  }

  /** Whole lines of a chunk are decoded at once; only what follows the last line feed is kept. */
  #pushLines(chunk: Buffer): void {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end === 0) {
      this.#pending.append(chunk);
    } else {
      let whole = end === chunk.length ? chunk : chunk.subarray(0, end);
      if (this.#pending.length > 0) {
        this.#pending.append(whole);
        whole = this.#pending.take();
      }
      this.#lines(whole);
      if (end < chunk.length && !this.#stopped) this.#pending.append(chunk.subarray(end));
    }
    if (!this.#stopped && this.#pending.length > limits.messageBytes) this.#tooLong();
  }

  #lines(whole: Buffer): void {
    const text = whole.length > limits.messageBytes ? undefined : whole.toString('utf8');
    // Only where what stands for wrong bytes is found, they are looked at: somebody may have sent just that.
    if (text === undefined || (text.includes(replacement) && !isUtf8(whole))) {
      this.#linesOneByOne(whole);
      return;
    }
    for (let start = 0, end = text.indexOf('\n'); end !== -1; start = end + 1, end = text.indexOf('\n', start)) {
      if (!isEmptyLine(text, start, end)) this.#sink.message(text.slice(start, end));
      if (this.#stopped) return;
    }
  }

  /** The lines before the bad one still count, so each is looked at by itself. */
  #linesOneByOne(whole: Buffer): void {
    for (let start = 0, end = whole.indexOf(lineFeed); end !== -1; start = end + 1, end = whole.indexOf(lineFeed, start)) {
      const line = whole.subarray(start, end);
      if (line.length > limits.messageBytes) this.#tooLong();
      else if (!isUtf8(line)) this.#fault('PARSE_ERROR', 'A message is not UTF-8.');
      else if (line.length > 0 && !(line.length === 1 && line[0] === 13)) this.#sink.message(line.toString('utf8'));
      if (this.#stopped) return;
    }
  }

  #pushHeaders(chunk: Buffer): void {
    const fresh = this.#pending.length === 0;
    if (!fresh) this.#pending.append(chunk);
    const bytes = fresh ? chunk : this.#pending.view();
    const used = this.#bodies(bytes);
    if (fresh) this.#pending.append(bytes.subarray(used));
    else this.#pending.drop(used);
  }

  /** Delivers every whole body and tells how many bytes that took. */
  #bodies(bytes: Buffer): number {
    let at = 0;
    while (!this.#stopped) {
      if (this.#bodyBytes === undefined) {
        const end = bytes.subarray(at, at + limits.headerBytes).indexOf(headerEnd);
        if (end === -1) {
          if (bytes.length - at >= limits.headerBytes)
            this.#fault('LIMIT_EXCEEDED', `Headers are longer than ${limits.headerBytes} bytes.`);
          return at;
        }
        const length = parseContentLength(bytes.toString('latin1', at, at + end));
        if (typeof length === 'string') this.#fault('PARSE_ERROR', length);
        else if (length > limits.messageBytes) this.#tooLong();
        else this.#bodyBytes = length;
        at += end + headerEnd.length;
      } else {
        const end = at + this.#bodyBytes;
        if (bytes.length < end) return at;
        this.#bodyBytes = undefined;
        const body = bytes.subarray(at, end);
        at = end;
        if (isUtf8(body)) this.#sink.message(body.toString('utf8'));
        else this.#fault('PARSE_ERROR', 'A message is not UTF-8.');
      }
    }
    return at;
  }

  #tooLong(): void {
    this.#fault('LIMIT_EXCEEDED', `A message is longer than ${limits.messageBytes} bytes.`);
  }

  #fault(kind: ErrorKind, message: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sink.fault(kind, message);
  }
}

/** Undefined when the first byte begins neither framing. */
function framingOf(firstByte: number): Framing | undefined {
  if (firstByte === 0x7b || firstByte === 0x5b) return 'newline';
  return firstByte === 0x43 ? 'headers' : undefined;
}

function isEmptyLine(text: string, start: number, end: number): boolean {
  return end === start || (end === start + 1 && text.charCodeAt(start) === 13);
}

export function frame(text: string, framing: Framing | undefined): string {
  return framing === 'headers' ? `${contentLength(Buffer.byteLength(text))}${text}` : `${text}\n`;
}

/** What goes before and after the pieces of a text that together have so many bytes. */
export function frameAround(bytes: () => number, framing: Framing | undefined): readonly [before: string, after: string] {
  return framing === 'headers' ? [contentLength(bytes()), ''] : ['', '\n'];
}

function contentLength(bytes: number): string {
  return `Content-Length: ${bytes}\r\n\r\n`;
}
