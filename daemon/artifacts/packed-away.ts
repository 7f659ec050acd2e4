import { basename } from 'node:path';
import { type ErrorDetails, Failure } from '../../schemas/errors.ts';
import type { Store } from '../store/store.ts';
import type { SessionRecord } from '../store/tables/sessions.ts';

/** What to tell of a file that is in the archive of its session and no longer beside it; undefined when there is no such archive. */
export function packedAway(
  store: Store,
  { id, slug, artifactDir }: Pick<SessionRecord, 'id' | 'slug' | 'artifactDir'>,
  inside: string,
  details: ErrorDetails,
): Failure | undefined {
  const archive = store.read((r) => r.archives.get(id));
  if (archive === undefined || archive.state === 'beside') return undefined;
  const command = `tar -xzOf '${archive.path}' '${basename(artifactDir)}/${inside}'`;
  return new Failure('NOT_FOUND', `"${inside}" of session "${slug}" is packed away; read it with: ${command}`, {
    details: { ...details, archive: archive.path },
  });
}
