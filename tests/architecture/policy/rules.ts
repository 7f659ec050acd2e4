// What only a few may touch, as data. The rooms and floors are in layers.test.ts.
import type { Rule } from './check.ts';
import { contractRules } from './contract.ts';
import { anyMemberOf, both, comment, currentDate, defaultExport, globalMember, importing, shellText } from './find.ts';

const everywhere = ['schemas/', 'rpc/', 'client/', 'daemon/'];

/** Where a package may be named at all, types included. */
const packageHomes: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['daemon/store/'],
  execa: ['daemon/tools/process.ts'],
  'simple-git': ['daemon/tools/git/'],
  'node-cron': ['daemon/tools/cron.ts'],
  pino: ['daemon/kernel/log.ts'],
  ulid: ['daemon/kernel/ids.ts'],
  'smol-toml': ['daemon/config/'],
  'toml-eslint-parser': ['daemon/config/'],
  '@agentclientprotocol/sdk': ['daemon/server/acp/'],
  oauth4webapi: ['daemon/tools/'],
  picomatch: ['daemon/policy/'],
  yaml: ['daemon/commands/'],
  commander: ['client/cli/'],
  ink: ['client/cli/top/'],
  react: ['client/cli/top/'],
  'string-width': ['client/cli/top/'],
  vscode: ['client/editors/vscode/'],
  'json-rpc-2.0': ['rpc/'],
  ws: ['rpc/'],
};

function packageRule([name, allowed]: readonly [string, readonly string[]]): Rule {
  const path = 'daemon/leases/thing.ts';
  return {
    id: `package-${name}`,
    says: `Only ${allowed.join(' and ')} may name ${name}.`,
    looksAt: everywhere,
    allowed,
    finds: importing(name),
    broken: { path, text: `const used = await import('${name}');\nimport type { Used } from '${name}';\nexport * from '${name}';` },
    lookAlike: { path, text: `// import used from '${name}';\nimport used from '${name}-extra';\nconst text = "from '${name}'";` },
  };
}

const ownRules: readonly Rule[] = [
  {
    id: 'environment',
    says: 'The environment comes from the root of the daemon and from the outermost files of the client.',
    looksAt: everywhere,
    allowed: ['daemon/main.ts', 'client/connect.ts', 'client/cli/main.ts', 'client/editors/vscode/extension.ts'],
    finds: both(globalMember('process', 'env'), importing('node:process', ['env'])),
    broken: { path: 'daemon/leases/thing.ts', text: 'const { env } = process;\n(globalThis.process as Old)?.env;' },
    lookAlike: {
      path: 'daemon/leases/thing.ts',
      text: "// process.env\nconst text = 'process.env';\nconst { env } = options;\nchild.process.env;\nprocess.pid;",
    },
  },
  {
    id: 'clock',
    says: 'Time comes from the clock that the root hands in.',
    looksAt: ['schemas/', 'rpc/', 'daemon/'],
    allowed: ['daemon/kernel/clock.ts', 'rpc/bind.ts'],
    finds: both(globalMember('Date', 'now'), globalMember('performance', 'now'), currentDate),
    broken: { path: 'daemon/leases/thing.ts', text: "new Date();\nDate.now();\nconst { now } = performance;\nDate['now']();" },
    lookAlike: {
      path: 'daemon/leases/thing.ts',
      text: "// Date.now()\nconst text = 'Date.now()';\nclock.now();\nnew Date(ms);\nDate.parse(text);",
    },
  },
  {
    id: 'chance',
    says: 'Randomness comes from the root, and what nobody may guess from kernel/ids.ts.',
    looksAt: everywhere,
    allowed: ['daemon/main.ts', 'daemon/kernel/ids.ts', 'rpc/websocket-client.ts'],
    finds: both(
      globalMember('Math', 'random'),
      importing('node:crypto', ['randomBytes', 'randomFill', 'randomFillSync', 'randomUUID', 'randomInt', 'webcrypto']),
    ),
    broken: { path: 'daemon/leases/thing.ts', text: "import { randomUUID } from 'node:crypto';\nMath.random();" },
    lookAlike: {
      path: 'daemon/leases/thing.ts',
      text: "// Math.random()\nimport { createHash } from 'node:crypto';\nids.random(12);\nMath.max(1, 2);\nconst text = 'Math.random';",
    },
  },
  {
    id: 'console',
    says: 'The daemon writes to its log, the client through its output.',
    looksAt: everywhere,
    allowed: [],
    finds: anyMemberOf('console'),
    broken: { path: 'client/thing.ts', text: "console.error('here');" },
    lookAlike: { path: 'client/thing.ts', text: "// console.log()\nconst text = 'console.log';\nterminal.console.log();" },
  },
  {
    id: 'shell',
    says: 'Programs get their arguments one by one; no text is put together for a shell.',
    looksAt: everywhere,
    allowed: [],
    finds: both(
      importing('node:child_process', ['exec', 'execSync']),
      importing('execa', ['execaCommand', 'execaCommandSync', '$']),
      shellText,
    ),
    broken: { path: 'daemon/tools/thing.ts', text: `run('bash', ['-c', \`rm \${name}\`]);\nstart(name, { shell: true });` },
    lookAlike: {
      path: 'daemon/tools/thing.ts',
      text: `// exec('ls', { shell: true })
import { execFile } from 'node:child_process';
run('bash', ['-c', step.action]);
run('git', ['-C', \`\${dir}/x\`]);
const settings = { shell: '/bin/sh' };
pattern.exec(text);`,
    },
  },
  {
    id: 'named-exports',
    says: 'Exports have names.',
    looksAt: everywhere,
    allowed: [],
    finds: defaultExport,
    broken: { path: 'rpc/thing.ts', text: 'export default 1;\nexport { thing as default };' },
    lookAlike: {
      path: 'rpc/thing.ts',
      text: "// export default 1\nconst text = 'export default 1';\nexport const standard = { default: 1 };",
    },
  },
  {
    id: 'no-exceptions',
    says: 'Checks are not turned off; the linter may only be where control characters are what a file is about.',
    looksAt: everywhere,
    allowed: ['client/cli/text.ts'],
    finds: comment(/^\s*(biome-ignore|@ts-(ignore|expect-error|nocheck))/),
    broken: { path: 'rpc/thing.ts', text: '// @ts-expect-error for once\n/* biome-ignore lint: for once */' },
    lookAlike: { path: 'rpc/thing.ts', text: "// Says why no @ts-ignore is needed.\nconst text = '// biome-ignore lint: no';" },
  },
];

export const rules: readonly Rule[] = [...Object.entries(packageHomes).map(packageRule), ...ownRules, ...contractRules];
