// Somebody else on the same machine: a shell of the user nobody.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const idOfNobody = (flag: '-u' | '-g'): string => execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim();

function rightsOfNobody(): string[] {
  return ['--reuid', idOfNobody('-u'), '--regid', idOfNobody('-g'), '--clear-groups', '--inh-caps=-all', '--no-new-privs'];
}

export interface Said {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as nobody, with nothing of our environment. */
export function asNobody(program: string, args: readonly string[]): Said {
  const { status, stdout, stderr } = spawnSync('setpriv', [...rightsOfNobody(), '--', program, ...args], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exitCode: status, stdout, stderr };
}

/** What nobody sees of the secrets in command lines and environments of all processes, looked at without pause. */
export interface Onlooker {
  /** Ends the looking; answers the command lines and environments that had one of the secrets in them, and how often it looked. */
  end(): Promise<{ readonly seen: readonly string[]; readonly looks: number }>;
}

// The secrets come on standard input, so that they are in no command line of ours.
const look = `
  const { readdirSync, readFileSync } = require('node:fs');
  let secrets, looks = 0, over = false;
  const seen = new Set();
  const read = (path) => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };
  const turn = () => {
    for (const pid of readdirSync('/proc')) {
      if (!/^[0-9]+$/.test(pid)) continue;
      for (const name of ['cmdline', 'environ']) {
        const text = read('/proc/' + pid + '/' + name);
        if (secrets.some((secret) => text.includes(secret))) seen.add(name + ': ' + text);
      }
    }
    looks += 1;
    if (over) process.stdout.write(JSON.stringify({ seen: [...seen], looks }));
    else setTimeout(turn, 2);
  };
  process.stdin.once('data', (data) => { secrets = JSON.parse(String(data)); turn(); });
  process.stdin.once('end', () => { over = true; });`;

export function nobodyLooks(secrets: readonly string[]): Onlooker {
  const child = spawn('setpriv', [...rightsOfNobody(), '--', process.execPath, '-e', look], {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(JSON.stringify(secrets));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return {
    async end() {
      const closed = once(child, 'close');
      child.stdin.end();
      await closed;
      return JSON.parse(said) as { seen: string[]; looks: number };
    },
  };
}
