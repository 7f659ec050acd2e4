// `npm run docs`: writes the generated files of the contract into `schemas/`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractFiles } from './contract-files.ts';
import { packageRoot, packageVersion } from './package-info.ts';

for (const [name, text] of Object.entries(contractFiles(packageVersion()))) writeFileSync(join(packageRoot(), 'schemas', name), text);
