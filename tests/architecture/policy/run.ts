// npm run policy
import { sourceFiles } from '../../helpers/source-files.ts';
import { check, problemText } from './check.ts';
import { rules } from './rules.ts';

const files = sourceFiles();
const problems = check(rules, files);
for (const problem of problems) process.stderr.write(`${problemText(problem)}\n`);
process.stdout.write(`${rules.length} rules, ${files.length} files, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
