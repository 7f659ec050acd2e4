// The language of `when`: small, without side effects, and not a template, so that no value is ever read as code.
//
//   always | on_success | on_failure        has a step before this one failed?
//   name, data.key, steps.id.status         is it set, and neither empty, false nor 0?
//   name == 'text', data.n != 3, data.x == null
//   not …, … and …, … or …, ( … )           `and` binds tighter than `or`
//
// Values are compared as text, since what steps publish is text; null is a value that is not there.
import { limits } from '../../schemas/limits.ts';
import { environmentText } from './arguments.ts';

type Operand = { readonly name: string } | { readonly value: string | number | boolean | null };

export type Condition =
  | { readonly is: 'always' | 'on_success' | 'on_failure' }
  | { readonly is: 'not'; readonly of: Condition }
  | { readonly is: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly is: 'same'; readonly negated: boolean; readonly left: Operand; readonly right: Operand }
  | { readonly is: 'set'; readonly operand: Operand };

export interface ConditionFacts {
  /** Did anything before this step fail? */
  readonly failed: boolean;
  /** undefined: there is no value. */
  get(name: string): unknown;
}

export function parseCondition(text: string): Condition | { readonly problem: string } {
  if (text.length > limits.conditionChars) return { problem: `is longer than ${limits.conditionChars} characters` };
  try {
    const words = wordsOf(text);
    const condition = parseOr(words);
    const rest = words.next();
    return rest === undefined ? condition : { problem: `ends too late: "${rest.text}" follows a whole condition` };
  } catch (error) {
    if (error instanceof ConditionProblem) return { problem: error.message };
    throw error;
  }
}

export function holds(condition: Condition, facts: ConditionFacts): boolean {
  switch (condition.is) {
    case 'always':
      return true;
    case 'on_success':
      return !facts.failed;
    case 'on_failure':
      return facts.failed;
    case 'not':
      return !holds(condition.of, facts);
    case 'and':
      return holds(condition.left, facts) && holds(condition.right, facts);
    case 'or':
      return holds(condition.left, facts) || holds(condition.right, facts);
    case 'same':
      return (textOf(condition.left, facts) === textOf(condition.right, facts)) !== condition.negated;
    case 'set':
      return !['', 'false', '0', null].includes(textOf(condition.operand, facts));
  }
}

/** Every name that a condition asks for. */
export function conditionNames(condition: Condition): readonly string[] {
  const named = (operand: Operand) => ('name' in operand ? [operand.name] : []);
  if (condition.is === 'not') return conditionNames(condition.of);
  if (condition.is === 'and' || condition.is === 'or') return [...conditionNames(condition.left), ...conditionNames(condition.right)];
  if (condition.is === 'same') return [...named(condition.left), ...named(condition.right)];
  return condition.is === 'set' ? named(condition.operand) : [];
}

function textOf(operand: Operand, facts: ConditionFacts): string | null {
  const value = 'name' in operand ? facts.get(operand.name) : operand.value;
  return value === undefined || value === null ? null : environmentText(value);
}

class ConditionProblem extends Error {}

interface Word {
  readonly kind: 'sign' | 'text' | 'number' | 'name';
  readonly text: string;
}

interface Words {
  peek(): Word | undefined;
  next(): Word | undefined;
  /** Takes the next word when it is this one. */
  take(text: string): boolean;
}

const word = /\s*(?:(==|!=|[()])|'([^']*)'|"([^"]*)"|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w-]*(?:\.[\w-]+)*))/y;
const kinds = ['sign', 'text', 'text', 'number', 'name'] as const;

function wordsOf(text: string): Words {
  const words: Word[] = [];
  word.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = word.lastIndex) {
    word.lastIndex = at;
    const match = word.exec(text);
    if (match === null) throw new ConditionProblem(`cannot be read from "${text.slice(at).trim().slice(0, 30)}" on`);
    const found = kinds.findIndex((_, index) => match[index + 1] !== undefined);
    words.push({ kind: kinds[found] ?? 'sign', text: match[found + 1] ?? '' });
  }
  let at = 0;
  const isNext = (wanted: string) => words[at]?.text === wanted && words[at]?.kind !== 'text';
  return {
    peek: () => words[at],
    next: () => words[at++],
    take(wanted) {
      if (!isNext(wanted)) return false;
      at += 1;
      return true;
    },
  };
}

function parseOr(words: Words): Condition {
  let left = parseAnd(words);
  while (words.take('or')) left = { is: 'or', left, right: parseAnd(words) };
  return left;
}

function parseAnd(words: Words): Condition {
  let left = parseNot(words);
  while (words.take('and')) left = { is: 'and', left, right: parseNot(words) };
  return left;
}

function parseNot(words: Words): Condition {
  if (words.take('not')) return { is: 'not', of: parseNot(words) };
  if (words.take('(')) {
    const inner = parseOr(words);
    if (!words.take(')')) throw new ConditionProblem('lacks a ")"');
    return inner;
  }
  for (const is of ['always', 'on_success', 'on_failure'] as const) if (words.take(is)) return { is };
  const left = parseOperand(words);
  const negated = words.peek()?.text === '!=';
  if (!words.take('==') && !words.take('!=')) return { is: 'set', operand: left };
  return { is: 'same', negated, left, right: parseOperand(words) };
}

const literals = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const reserved = ['and', 'or', 'not', 'always', 'on_success', 'on_failure'];

function parseOperand(words: Words): Operand {
  const found = words.next();
  if (found === undefined) throw new ConditionProblem('ends too early');
  if (found.kind === 'text') return { value: found.text };
  if (found.kind === 'number') return { value: Number(found.text) };
  if (found.kind === 'sign' || reserved.includes(found.text)) throw new ConditionProblem(`has "${found.text}" where a value must stand`);
  return literals.has(found.text) ? { value: literals.get(found.text) ?? null } : { name: found.text };
}
