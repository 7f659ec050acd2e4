// What a rule can look for in the tree of a file. Each answers the places where it is.
import { type Argument, type Expression, type ObjectExpression, type ObjectProperty, Visitor, type VisitorObject } from 'oxc-parser';
import type { SourceFile } from '../../helpers/source-files.ts';

export interface Finding {
  readonly line: number;
  readonly what: string;
}

export type Finder = (file: SourceFile, all: readonly SourceFile[]) => Finding[];

export function importing(target: string, names?: readonly string[]): Finder {
  return ({ imports }) =>
    imports
      .filter((found) => found.target === target && (names === undefined || found.names.some((name) => names.includes(name))))
      .map(({ line }) => ({ line, what: `imports ${target}` }));
}

/** `object.name` of a global object, taken as a member, by destructuring, or through globalThis. */
export function globalMember(object: string, ...names: readonly string[]): Finder {
  return visiting((found) => ({
    MemberExpression(node) {
      const name = memberName(node);
      if (name !== undefined && names.includes(name) && isGlobal(node.object, object)) found(node, `uses ${object}.${name}`);
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || !node.init || !isGlobal(node.init, object)) return;
      const taken = node.id.properties.flatMap((one) => (one.type === 'Property' ? (keyOf(one) ?? []) : []));
      for (const name of taken) if (names.includes(name)) found(node, `takes ${name} of ${object}`);
    },
  }));
}

/** Any use of a member of a global object. */
export function anyMemberOf(object: string): Finder {
  return visiting((found) => ({
    MemberExpression(node) {
      if (isGlobal(node.object, object)) found(node, `uses ${object}.${memberName(node) ?? ''}`);
    },
  }));
}

/** `new Date()`: the time of now, while `new Date(ms)` is arithmetic. */
export const currentDate: Finder = visiting((found) => ({
  NewExpression(node) {
    if (isGlobal(node.callee, 'Date') && node.arguments.length === 0) found(node, 'uses new Date()');
  },
}));

export const defaultExport: Finder = visiting((found) => ({
  ExportDefaultDeclaration: (node) => found(node, 'has a default export'),
  ExportSpecifier(node) {
    if (node.exported.type === 'Identifier' && node.exported.name === 'default') found(node, 'has a default export');
  },
}));

export function comment(pattern: RegExp): Finder {
  return (file) =>
    file.comments
      .filter(({ value }) => pattern.test(value))
      .map((node) => ({ line: file.lineOf(node), what: `says "${node.value.trim()}"` }));
}

/** A shell that gets a text made here: `shell: true` for a program, or a template with values behind `-c`. */
export const shellText: Finder = visiting((found) => ({
  Property(node) {
    if (keyOf(node) === 'shell' && node.value.type === 'Literal' && node.value.value === true) found(node, 'sets shell: true');
  },
  ArrayExpression(node) {
    for (const [index, element] of node.elements.entries()) {
      const isText = element?.type === 'TemplateLiteral' && element.expressions.length > 0;
      const before = node.elements[index - 1];
      if (isText && before?.type === 'Literal' && before.value === '-c') found(element, 'puts values into a text for a shell');
    }
  },
}));

export function both(...finders: readonly Finder[]): Finder {
  return (file, all) => finders.flatMap((find) => find(file, all));
}

/** A property `'noun.verb': maker({ … })`. */
export interface Declaration {
  readonly name: string;
  readonly line: number;
  readonly keys: ReadonlyMap<string, ObjectProperty['value']>;
}

export function declarationsBy(maker: string, file: SourceFile): Declaration[] {
  const declarations: Declaration[] = [];
  visit(file, {
    Property(node) {
      const name = keyOf(node);
      if (name === undefined || node.value.type !== 'CallExpression' || !isGlobal(node.value.callee, maker)) return;
      const [first] = node.value.arguments;
      declarations.push({ name, line: file.lineOf(node), keys: first?.type === 'ObjectExpression' ? propertiesOf(first) : new Map() });
    },
  });
  return declarations;
}

/** The keys of objects that look like `noun.verb` and hold a function. */
export function handledNames(file: SourceFile): { readonly name: string; readonly line: number }[] {
  const names: { name: string; line: number }[] = [];
  visit(file, {
    Property(node) {
      const name = keyOf(node);
      if (name?.includes('.') && /^(ArrowFunction|Function)Expression$/.test(node.value.type))
        names.push({ name, line: file.lineOf(node) });
    },
  });
  return names;
}

export interface Announced {
  readonly type: string;
  readonly how: 'append' | 'emit';
  readonly line: number;
}

/** Events that are appended or emitted: `x.append({ type: 'noun.pastVerb', … })`. */
export function announcedEvents(file: SourceFile): Announced[] {
  const announced: Announced[] = [];
  visit(file, {
    CallExpression(node) {
      const how = node.callee.type === 'MemberExpression' ? memberName(node.callee) : undefined;
      const [first] = node.arguments;
      if ((how !== 'append' && how !== 'emit') || first?.type !== 'ObjectExpression') return;
      for (const type of literals(propertiesOf(first).get('type'))) announced.push({ type, how, line: file.lineOf(node) });
    },
  });
  return announced;
}

function visiting(visitor: (found: (node: { readonly start: number }, what: string) => void) => VisitorObject): Finder {
  return (file) => {
    const findings: Finding[] = [];
    visit(
      file,
      visitor((node, what) => void findings.push({ line: file.lineOf(node), what })),
    );
    return findings;
  };
}

function visit(file: SourceFile, visitor: VisitorObject): void {
  new Visitor(visitor).visit(file.program);
}

function isGlobal(node: Expression | Argument, name: string): boolean {
  if (node.type === 'Identifier') return node.name === name;
  if (node.type === 'TSAsExpression' || node.type === 'TSNonNullExpression') return isGlobal(node.expression, name);
  return node.type === 'MemberExpression' && memberName(node) === name && isGlobal(node.object, 'globalThis');
}

function memberName(node: Extract<Expression, { type: 'MemberExpression' }>): string | undefined {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined;
  return node.property.type === 'Literal' ? String(node.property.value) : undefined;
}

function keyOf({ key, computed }: { readonly key: { readonly type: string }; readonly computed: boolean }): string | undefined {
  if (computed) return undefined;
  const { name, value } = key as { name?: string; value?: unknown };
  return name ?? (typeof value === 'string' ? value : undefined);
}

function propertiesOf(object: ObjectExpression): Map<string, ObjectProperty['value']> {
  return new Map(object.properties.flatMap((one) => (one.type === 'Property' ? [[keyOf(one) ?? '', one.value] as const] : [])));
}

function literals(node: ObjectProperty['value'] | undefined): string[] {
  if (node?.type === 'Literal') return [String(node.value)];
  return node?.type === 'ConditionalExpression' ? [...literals(node.consequent), ...literals(node.alternate)] : [];
}
