// npm run bench -- [--only TEXT] [--rounds N] [--json FILE] [--write FILE] [--quick | --scale | --against COMMIT]
import { readFileSync, writeFileSync } from 'node:fs';
import { compareWithCommit } from './against.ts';
import { benchmarks } from './benchmarks.ts';
import { isFine } from './compare.ts';
import { fallsShort, settle } from './gate.ts';
import { prepareGround, quickHistory, wholeHistory } from './ground.ts';
import { describeMachine } from './machine.ts';
import { replaceMarked } from './marked.ts';
import { begin, measureAll } from './measure.ts';
import { type Options, parseOptions } from './options.ts';
import { probes } from './probes.ts';
import { comparisonJson, comparisonMarkdown, json, markdown } from './report.ts';
import { measureScale } from './scale.ts';

interface Report {
  readonly markdown: string;
  readonly json: string;
  readonly fine: boolean;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const { mode, write } = options;
  // A file without room for the figures is told before they are taken.
  const put = (content: string): string => (write === undefined ? content : replaceMarked(readFileSync(write, 'utf8'), mode, content));
  put('');
  const report = await { full: measure, quick: measure, scale: measureScale, against: compareWith }[mode](options);
  process.stdout.write(report.markdown);
  if (write !== undefined) writeFileSync(write, put(report.markdown.replace(/^# .*\n/, '')));
  if (options.json !== undefined) writeFileSync(options.json, report.json);
  if (!report.fine) process.exitCode = 1;
}

/** A full run is as good as its figures; a quick one is good when there are any. */
async function measure({ mode, rounds, only = '' }: Options): Promise<Report> {
  const quick = mode === 'quick';
  const all = [...benchmarks, ...probes];
  const named = all.filter(({ name }) => name.includes(only));
  if (named.length === 0) throw new Error(`--only wants a part of one of: ${all.map(({ name }) => name).join(', ')}.`);
  const chosen = named.filter(({ takesMinutes = false }) => !quick || !takesMinutes);
  if (chosen.length === 0) throw new Error(`"${only}" takes minutes: leave --quick out.`);
  const environment = describeMachine();
  await using ground = await prepareGround(quick ? quickHistory : wholeHistory);
  const results = await measureAll(chosen, ground, { rounds, again: !quick });
  const short = results.measured.flatMap(settle).some(fallsShort);
  return {
    markdown: markdown(environment, results, !quick),
    json: json(environment, results),
    fine: !short && results.notMeasured.length === 0,
  };
}

async function compareWith({ against = '', rounds, only = '' }: Options): Promise<Report> {
  const environment = describeMachine();
  const outcome = await compareWithCommit(against, { rounds, wanted: (name) => name.includes(only), onBegin: begin });
  const told = { markdown: comparisonMarkdown(environment, against, outcome), json: comparisonJson(environment, against, outcome) };
  return { ...told, fine: isFine(outcome) };
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
