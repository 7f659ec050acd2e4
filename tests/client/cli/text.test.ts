import { describe, expect, test } from 'vitest';
import { formatDiagnostic, formatError } from '../../../client/cli/format-error.ts';
import { parseKeyValues, wholeNumber } from '../../../client/cli/key-values.ts';
import { createOutput } from '../../../client/cli/output.ts';
import type { StandardOutput } from '../../../client/cli/standard-output.ts';
import { age, duration, elapsed, printable, size } from '../../../client/cli/text.ts';
import { Failure } from '../../../schemas/index.ts';

describe('arguments', () => {
  test('are split at the first "="', () => {
    expect(parseKeyValues(['a=1', 'b=x=y', 'c='])).toEqual({ a: '1', b: 'x=y', c: '' });
  });

  test('make a list when a key comes again', () => {
    expect(parseKeyValues(['a=1', 'a=2', 'a=3'])).toEqual({ a: ['1', '2', '3'] });
  });

  test.each(['word', '=value'])('teach the form for "%s"', (word) => {
    expect(() => parseKeyValues([word])).toThrow(`"${word}" is not an argument; write arguments as key=value`);
  });

  test('may have any name', () => {
    expect(Object.entries(parseKeyValues(['__proto__=x', 'toString=y']))).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ]);
  });

  test('that count are whole numbers', () => {
    expect(wholeNumber('--limit', 1)('7')).toBe(7);
    for (const text of ['0', '-1', '1.5', 'x', '']) expect(() => wholeNumber('--limit', 1)(text)).toThrow('--limit takes a whole number');
  });
});

describe('an error', () => {
  test('is one sentence', () => {
    expect(formatError(new Failure('NOT_FOUND', 'No session is named "x".'))).toBe('coppice: No session is named "x".');
  });

  test('names what may have been meant, once', () => {
    const details = { suggestions: ['build'] };
    expect(formatError(new Failure('NOT_FOUND', 'No command "biuld".', { details }))).toBe(
      'coppice: No command "biuld". Did you mean "build"?',
    );
    expect(formatError(new Failure('NOT_FOUND', 'No "biuld"; perhaps "build".', { details }))).toBe(
      'coppice: No "biuld"; perhaps "build".',
    );
  });

  test('lists each place of a wrong file as compilers do', () => {
    const diagnostics = [
      { level: 'error', message: 'Unknown key "stepz".', path: '/p/a.yaml', line: 3, column: 1 },
      { level: 'warning', message: 'The name differs.', path: '/p/a.yaml' },
    ];
    expect(formatError(new Failure('COMMAND_INVALID', 'The file is wrong.', { details: { diagnostics } })).split('\n')).toEqual([
      'coppice: The file is wrong.',
      '/p/a.yaml:3:1: Unknown key "stepz".',
      '/p/a.yaml: warning: The name differs.',
    ]);
    expect(formatDiagnostic({ message: 'Must be a number.', key: 'sessions.timeout' })).toBe('Must be a number. (sessions.timeout)');
  });

  test('does not repeat a place that the sentence has already', () => {
    const details = { diagnostics: [{ level: 'error', message: 'No.', path: '/p/a.yaml', line: 3, column: 1 }] };
    expect(formatError(new Failure('COMMAND_INVALID', 'It cannot run. /p/a.yaml:3:1: No.', { details }))).not.toContain('\n');
  });

  test('lists every parameter that is wrong', () => {
    const issues = [{ path: ['arguments', 'count'], message: 'must be an integer' }];
    expect(formatError(new Failure('INVALID_PARAMS', 'Wrong parameters.', { details: { issues } }))).toBe(
      'coppice: Wrong parameters.\n  arguments.count: must be an integer',
    );
  });

  test('names what a removal would lose, up to a bound', () => {
    const details = {
      reasons: ['2 paths not committed.'],
      paths: ['a.txt', 'new ü\u001b.txt'],
      commits: [{ commit: 'c'.repeat(40), subject: 'precious' }],
      processes: [{ pid: 7, command: 'sleep 300' }],
    };
    const failure = (more: object) => formatError(new Failure('WORK_AT_RISK', 'Work would be lost.', { details: { ...details, ...more } }));
    expect(failure({}).split('\n')).toEqual([
      'coppice: Work would be lost.',
      '  path a.txt',
      '  path new ü\ufffd.txt',
      '  commit cccccccccc precious',
      '  process 7 sleep 300',
    ]);
    const many = failure({ paths: Array.from({ length: 30 }, (_, n) => `${n}`) }).split('\n');
    expect(many).toHaveLength(22);
    expect(many.at(-1)).toBe('  and 12 more');
  });

  test('brings no control characters to a terminal', () => {
    expect(formatError(new Error('a\u001b[2Jb'))).toBe('coppice: a\ufffd[2Jb');
  });
});

class Screen implements StandardOutput {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 40;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(data: string | Uint8Array): boolean {
    this.text += data.toString();
    return true;
  }

  stream(): never {
    throw new Error('What is tested here only writes.');
  }
}

function print(isTTY: boolean, env: Record<string, string> = {}, more: { json?: boolean; colour?: boolean } = {}): string {
  const stdout = new Screen(isTTY);
  const out = createOutput({ stdout, stderr: new Screen(false), env, json: false, colour: true, ...more });
  out.table(
    ['NAME', 'STATUS', 'NOTE'],
    [
      ['a', { text: 'running', colour: 'blue' }, 'x'.repeat(60)],
      ['long name', { text: 'failed', colour: 'red' }, undefined],
    ],
  );
  return stdout.text;
}

describe('a table', () => {
  test('is laid out with colours on a terminal, and cut at its edge', () => {
    const lines = print(true).trimEnd().split('\n');
    expect(lines[0]).toBe('\u001b[2mNAME       STATUS   NOTE\u001b[0m');
    expect(lines[1]).toBe(`a          \u001b[34mrunning  \u001b[0m${'x'.repeat(19)}…`);
  });

  test.each([
    { how: 'NO_COLOR', env: { NO_COLOR: '1' }, more: {} },
    { how: 'TERM=dumb', env: { TERM: 'dumb' }, more: {} },
    { how: '--no-color', env: {}, more: { colour: false } },
  ])('has no colours with $how', ({ env, more }) => {
    expect(print(true, env, more)).not.toContain('\u001b');
    expect(print(true, env, more)).toContain('NAME       STATUS   NOTE');
  });

  test('is tab-separated without a heading where no terminal is', () => {
    expect(print(false)).toBe(`a\trunning\t${'x'.repeat(60)}\nlong name\tfailed\t\n`);
  });
});

describe('values for people', () => {
  test('have one or two units', () => {
    expect([0, 1234, 12_345, 61_000, 3_720_000].map(duration)).toEqual(['0.0s', '1.2s', '12s', '1m01s', '1h02m']);
    expect([512, 2048, 20 * 1024, 5 * 1024 ** 2].map(size)).toEqual(['512 B', '2.0 KiB', '20 KiB', '5.0 MiB']);
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(['2026-01-01T23:59:30Z', '2026-01-01T23:00:00Z', '2025-12-30T00:00:00Z', undefined].map((time) => age(time, now))).toEqual([
      '30s',
      '1h',
      '3d',
      '',
    ]);
    expect(elapsed('2026-01-01T23:59:00Z', undefined, now)).toBe('1m00s');
    expect(printable('tab\tline\n')).toBe('tab\tline\n');
  });
});
