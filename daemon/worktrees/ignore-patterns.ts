// Patterns as in .gitignore, decided without git: a new worktree asks about a handful of paths, and each process would cost more than all
// of them. Pure.

interface Pattern {
  readonly negated: boolean;
  readonly directoryOnly: boolean;
  readonly whole: RegExp;
  /** Of an anchored pattern: what each folder on the way must be named like, and '**' for any number of them. */
  readonly segments: readonly (RegExp | '**')[] | undefined;
}

/** The patterns of one file; they hold below `base`, which is '' for the top. */
export interface PatternFile {
  readonly base: string;
  readonly text: string;
}

export interface Matcher {
  /** The path, or a folder that it lies in, is meant. */
  matches(path: string, isDirectory: boolean): boolean;
  /** A pattern names something below this folder by its place. A bare file name means everywhere, so it names no folder. */
  leadsInto(directory: string): boolean;
}

/** Files that lie deeper decide before those above them, later lines before earlier ones, as in git. */
export function createMatcher(files: readonly PatternFile[]): Matcher {
  const lists = files
    .map(({ base, text }) => ({ base: bytesOf(base), patterns: bytesOf(text).split('\n').flatMap(parse).toReversed() }))
    .toSorted((a, b) => b.base.length - a.base.length);
  const decides = (path: string, isDirectory: boolean): boolean => {
    for (const { base, patterns } of lists) {
      const inside = relativeTo(base, path);
      const hit = inside === undefined ? undefined : patterns.find((one) => (isDirectory || !one.directoryOnly) && one.whole.test(inside));
      if (hit) return !hit.negated;
    }
    return false;
  };
  return {
    matches(path, isDirectory) {
      const bytes = bytesOf(path);
      return ancestors(bytes).some((folder) => decides(folder, true)) || decides(bytes, isDirectory);
    },
    leadsInto: (directory) =>
      lists.some(({ base, patterns }) => {
        const inside = relativeTo(base, bytesOf(directory));
        return inside !== undefined && patterns.some((one) => !one.negated && passesThrough(one, inside.split('/')));
      }),
  };
}

/** `a`, `a/b` for `a/b/c`. */
export function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** A character for each byte: to git, "?" is one byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function relativeTo(base: string, path: string): string | undefined {
  if (base === '') return path;
  return path.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined;
}

function passesThrough({ segments }: Pattern, folders: readonly string[]): boolean {
  if (segments === undefined) return false;
  for (const [index, folder] of folders.entries()) {
    const segment = segments[index];
    // Behind "**" anything may come: such a pattern is about what git shows one by one, not about folders that it passes over.
    if (segment === undefined || segment === '**' || !segment.test(folder)) return false;
  }
  return segments.length > folders.length;
}

function parse(line: string): Pattern[] {
  let text = line.replace(/\r$/, '').replace(/(?<!\\)((?:\\\\)*) +$/, '$1');
  if (text === '' || text.startsWith('#')) return [];
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const directoryOnly = text.endsWith('/') && !text.endsWith('\\/');
  if (directoryOnly) text = text.slice(0, -1);
  const isAnchored = text.includes('/');
  if (text.startsWith('/')) text = text.slice(1);
  const whole = toRegExp(isAnchored ? translate(text) : `(?:.*/)?${translate(text)}`);
  if (text === '' || whole === undefined) return [];
  const segments = isAnchored ? text.split('/').map((part) => (part === '**' ? '**' : (toRegExp(translate(part)) ?? /^$/))) : undefined;
  return [{ negated, directoryOnly, whole, segments }];
}

function toRegExp(source: string | undefined): RegExp | undefined {
  if (source === undefined) return undefined;
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return undefined;
  }
}

/** The pattern as the source of an expression; undefined for one that can match nothing, like an open bracket. */
function translate(pattern: string): string | undefined {
  let source = '';
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const isStart = at === 0 || pattern[at - 1] === '/';
    const stars = isStart ? /^\*\*+(\/|$)/.exec(rest) : undefined;
    const bracket = /^\[[!^]?\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*\]/s.exec(rest);
    if (stars) {
      source += stars[1] === '/' ? '(?:.*/)?' : '.+';
      at += stars[0].length;
    } else if (rest.startsWith('*')) {
      source += '[^/]*';
      at += (/^\*+/.exec(rest) as RegExpExecArray)[0].length;
    } else if (rest.startsWith('?')) {
      source += '[^/]';
      at += 1;
    } else if (rest.startsWith('[')) {
      if (!bracket) return undefined;
      source += bracketSource(bracket[0]);
      at += bracket[0].length;
    } else {
      const isEscape = rest.startsWith('\\');
      const character = rest.charAt(isEscape ? 1 : 0);
      if (isEscape && rest.length === 1) return undefined;
      source += character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
      at += isEscape ? 2 : 1;
    }
  }
  return source;
}

const classes: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

function bracketSource(bracket: string): string {
  const negated = /^\[[!^]/.test(bracket);
  const body = bracket.slice(negated ? 2 : 1, -1);
  const inner = body.replaceAll(/\[:([a-z]+):\]|\\(.)|([[\]^&|~(){}/])/gs, (_, name: string, escaped: string, plain: string) => {
    if (name !== undefined) return classes[name] ?? '';
    return (escaped ?? plain).replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  });
  return `(?!/)[${negated ? '^' : ''}${inner}]`;
}
