// What is bundled brings no package.json of its own to where it is installed, but its licence asks to go along.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes the licences of every package that went into the bundles (their metafiles) into one file. */
export function writeLicenses(path, root, metafiles) {
  const parts = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs)));
  const folders = new Set(parts.flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 && packageFolder(input)) || []));
  const texts = [...folders].sort().map((folder) => licenseOf(join(root, folder)));
  writeFileSync(path, texts.join('\n\n----\n\n'));
}

function packageFolder(input) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  return `${name} ${version} (${license})${text}`;
}
