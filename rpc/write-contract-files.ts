// `npm run docs`: writes the generated files of the contract into `schemas/`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractFiles } from './contract-files.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
for (const [name, text] of Object.entries(contractFiles(version))) writeFileSync(join(root, 'schemas', name), text);
