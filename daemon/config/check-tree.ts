// Everything that is wrong with one layer of the configuration taken by itself, whether or not another layer hides it.
import { nearest } from '../../rpc/nearest.ts';
import type { ConfigKey, ConfigNode, ConfigPath } from '../../schemas/config-tree.ts';
import { memberOf } from '../../schemas/config-tree.ts';
import { type Fault, faultOf } from './faults.ts';
import { isTree, valueAt } from './tree.ts';

export interface Checked {
  readonly faults: readonly Fault[];
  /** What is left when all that is wrong is taken out. */
  readonly sound: unknown;
}

/** `mayBeSet` says why a key may not stand in this layer. */
export type MayBeSet = (key: ConfigKey) => string | undefined;

export function checkTree(value: unknown, node: ConfigNode, mayBeSet: MayBeSet, path: ConfigPath = []): Checked {
  if (node.kind === 'key') return checkKey(value, node, mayBeSet, path);
  if (!isTree(value))
    return { faults: [faultOf({ code: 'invalid_type', expected: 'object', message: '', path: [] }, path, value, false)], sound: undefined };
  const faults: Fault[] = [];
  const sound: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const at = [...path, name];
    const member = memberOf(node, name);
    const misnamed = member === undefined ? unknownKey(at, node) : node.kind === 'record' ? badName(at, node.name) : undefined;
    if (misnamed !== undefined || member === undefined) {
      if (misnamed !== undefined) faults.push(misnamed);
      continue;
    }
    const checked = checkTree(inner, member, mayBeSet, at);
    faults.push(...checked.faults);
    if (checked.sound !== undefined) sound[name] = checked.sound;
  }
  return { faults, sound };
}

function checkKey(value: unknown, node: ConfigKey, mayBeSet: MayBeSet, path: ConfigPath): Checked {
  const refusal = mayBeSet(node);
  if (refusal !== undefined) return { faults: [{ path, message: refusal, isName: true }], sound: undefined };
  const parsed = node.schema.safeParse(value);
  if (parsed.success) return { faults: [], sound: value };
  const faults = parsed.error.issues.flatMap((issue) => {
    const at = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [faultOf(issue, [...path, ...at], valueAt(value, at), node.secret === true)];
    return issue.keys.map((name) => ({ path: [...path, ...at, name], message: `unknown key "${name}"`, isName: true }));
  });
  return { faults, sound: undefined };
}

function unknownKey(path: ConfigPath, node: ConfigNode): Fault {
  const name = path.at(-1) as string;
  const near = nearest(name, node.kind === 'table' ? Object.keys(node.members) : [])[0];
  return { path, message: `unknown key "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`, isName: true };
}

function badName(path: ConfigPath, schema: ConfigKey['schema']): Fault | undefined {
  const name = path.at(-1) as string;
  const issue = schema.safeParse(name).error?.issues[0];
  return issue && { ...faultOf(issue, path, name, false), isName: true };
}
