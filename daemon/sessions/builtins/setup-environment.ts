import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inheritable } from '../environment.ts';
import { makeArtifactFolders } from '../paths.ts';
import type { Builtin } from './builtin.ts';

/** Names that say their value is a secret; too much is redacted rather than too little. */
const secretName = /token|secret|pass|credential|key|auth|cookie|jwt|_(pat|pin|pw|pwd|dsn)$/i;
/** `scheme://user:password@host`, in the middle of any text. */
const login = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const redacted = '[redacted]';

/** Makes the artifact folders and writes the environment of the session, secrets redacted. */
export const setupEnvironment: Builtin = async ({ context, print }) => {
  const { artifactDir } = context.session;
  makeArtifactFolders(artifactDir);
  const shown = Object.fromEntries(
    Object.entries(inheritable(context.secrets.environment)).map(([name, value]) => [name, shownValue(name, value)]),
  );
  await writeFile(join(artifactDir, 'meta', 'environment.json'), JSON.stringify(shown, null, 2), { mode: 0o600 });
  print(`artifacts go to ${artifactDir}`);
  return undefined;
};

function shownValue(name: string, value: string): string {
  return secretName.test(name) ? redacted : value.replace(login, `$1${redacted}@`);
}
