// A plain reporter: one line a file, what failed with its error, all of that once more in a line each, and `N passed, N failed` as the last
// line. A file that does not load, a suite whose hooks throw and an error outside of any test count as failed, so the line never says less
// than the exit code.
import { performance } from 'node:perf_hooks';
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, TestSuite, Vitest } from 'vitest/node';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export class PlainReporter implements Reporter {
  #vitest: Vitest | undefined;
  #startedAt = 0;
  readonly #failures: string[] = [];

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(): void {
    this.#startedAt = performance.now();
  }

  onTestModuleEnd(module: TestModule): void {
    const { passed, failed, skipped } = countModule(module);
    const numbers = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])];
    const word = failed > 0 ? 'FAIL' : 'ok  ';
    print(`${word} ${module.relativeModuleId} (${numbers.join(', ')}, ${Math.round(module.diagnostic().duration)} ms)`);
    this.#showErrors(module.relativeModuleId, module.errors());
    for (const suite of module.children.allSuites()) this.#showErrors(titleOf(suite), suite.errors());
    for (const test of module.children.allTests('failed')) this.#showErrors(titleOf(test), test.result().errors ?? []);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason): void {
    this.#showErrors('outside of any test', unhandled);
    const total = modules.map(countModule).reduce(add, { passed: 0, failed: unhandled.length, skipped: 0 });
    if (reason !== 'passed' && total.failed === 0) total.failed = 1;
    print(`${modules.length} files in ${((performance.now() - this.#startedAt) / 1_000).toFixed(1)} s`);
    for (const failure of this.#failures) print(failure);
    print(summaryLine(total));
  }

  #showErrors(where: string, errors: readonly (SerializedError | Error)[]): void {
    for (const error of errors) {
      print(`\n  ${where}`);
      this.#failures.push(failureLine(where, error.message));
      this.#vitest?.logger.printError(error, { fullStack: false });
    }
  }
}

export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** For whoever sees no more than the end of a long log. */
function failureLine(where: string, message: string): string {
  return `failed: ${where}: ${message.trim().replaceAll(/\s+/g, ' ').slice(0, 1_000)}`;
}

function countModule(module: TestModule): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed') counts.passed += 1;
    else if (state === 'failed') counts.failed += 1;
    else counts.skipped += 1;
  }
  counts.failed += module.errors().length > 0 ? 1 : 0;
  for (const suite of module.children.allSuites()) counts.failed += suite.errors().length > 0 ? 1 : 0;
  // What is red for a reason that has no test of its own still counts.
  if (module.state() === 'failed' && counts.failed === 0) counts.failed = 1;
  return counts;
}

function titleOf(entity: TestCase | TestSuite): string {
  return `${entity.module.relativeModuleId} > ${entity.fullName}`;
}

function add(left: Counts, right: Counts): Counts {
  return { passed: left.passed + right.passed, failed: left.failed + right.failed, skipped: left.skipped + right.skipped };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Vitest takes the default export of a reporter's file.
// biome-ignore lint/style/noDefaultExport: vitest wants it
export default PlainReporter;
