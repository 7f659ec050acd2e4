import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inheritable } from '../environment.ts';
import { makeArtifactFolders } from '../paths.ts';
import type { Builtin } from './builtin.ts';

/** Names that say their value is a secret. */
const secretName = /token|secret|password|passwd|credential|api_?key|private_?key|auth/i;

/** Makes the artifact folders and writes the environment of the session, secrets redacted. */
export const setupEnvironment: Builtin = async ({ context, print }) => {
  const { artifactDir } = context.session;
  await makeArtifactFolders(artifactDir);
  const redacted = Object.fromEntries(
    Object.entries(inheritable(context.secrets.environment)).map(([name, value]) => [name, secretName.test(name) ? '[redacted]' : value]),
  );
  await writeFile(join(artifactDir, 'meta', 'environment.json'), JSON.stringify(redacted, null, 2), { mode: 0o600 });
  print(`artifacts go to ${artifactDir}`);
  return undefined;
};
