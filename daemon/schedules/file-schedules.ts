// Schedules that command files name. Only a project's own files count: one of the user would run in every repository there is.

import { limits } from '../../schemas/limits.ts';
import type { Catalogue, CommandEntry } from '../commands/catalogue.ts';
import type { CommandSchedule } from '../commands/definition.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { byDaemon } from '../kernel/origin.ts';
import type { Store, Writer } from '../store/store.ts';
import type { ProjectRecord } from '../store/tables/projects.ts';
import { afterAllIds } from '../store/tables/rows.ts';
import type { ScheduleRecord } from '../store/tables/schedules.ts';

export interface FileSchedules {
  /** Makes the rows say what the files say; true when anything changed. */
  follow(projectId?: string): Promise<boolean>;
}

interface FileScheduleDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly catalogue: Pick<Catalogue, 'list'>;
}

const projectsPerPage = 200;

export function createFileSchedules({ store, clock, ids, log, catalogue }: FileScheduleDeps): FileSchedules {
  const followOne = async (project: ProjectRecord): Promise<boolean> => {
    const entries = await catalogue.list(project.path);
    const files = entries.filter(({ source }) => source === 'project' || source === 'prj');
    const known = fileRows(store.read((r) => r.schedules.list(project.id, afterAllIds, limits.schedules)));
    // A file that is broken at the moment says nothing: its schedule stays, and tells at its time that it cannot run.
    const gone = known.filter(
      ({ commandName }) => !files.some(({ name, definition }) => name === commandName && (!definition || definition.schedule)),
    );
    const wanted = files.flatMap((entry) => wantedOf(entry));
    const changed = wanted.filter(({ name, schedule }) => {
      const row = known.find(({ commandName }) => commandName === name);
      return row === undefined || !isSame(row, schedule);
    });
    if (gone.length + changed.length === 0) return false;
    await store.write((w) => {
      for (const row of gone) if (w.schedules.get(row.id)) drop(w, row);
      for (const { name, schedule } of changed) {
        const former = w.schedules.ofFile(project.id, name);
        if (former && isSame(former, schedule)) continue;
        if (former) drop(w, former);
        if (w.schedules.count() >= limits.schedules) {
          log.warn({ projectId: project.id, command: name }, 'there are too many schedules; one of a file is left out');
          continue;
        }
        const record: ScheduleRecord = {
          ...{ id: ids.next('sch'), projectId: project.id, commandName: name, source: 'file', missed: 0, createdAt: clock.now() },
          ...schedule,
        };
        w.schedules.insert(record);
        const data = { scheduleId: record.id, commandName: name, cron: schedule.cron };
        w.events.append({ type: 'schedule.created', subject: { projectId: project.id }, actor: byDaemon.actor, data });
      }
    });
    return true;
  };
  return {
    async follow(projectId) {
      let changed = false;
      for (const project of projectsOf(store, projectId)) {
        try {
          if (await followOne(project)) changed = true;
        } catch (error) {
          // One project that cannot be read must not end the schedules of the others.
          log.warn({ err: error, projectId: project.id }, 'the schedules of a project could not be read');
        }
      }
      return changed;
    },
  };
}

function projectsOf(store: Store, projectId: string | undefined): readonly ProjectRecord[] {
  return store.read((r) => {
    if (projectId !== undefined) return [r.projects.get(projectId)].filter((project) => project !== undefined);
    const all: ProjectRecord[] = [];
    for (
      let page = r.projects.list('', projectsPerPage);
      page.length > 0;
      page = r.projects.list(page.at(-1)?.name ?? '', projectsPerPage)
    ) {
      all.push(...page);
    }
    return all;
  });
}

function fileRows(rows: readonly ScheduleRecord[]): readonly ScheduleRecord[] {
  return rows.filter(({ source }) => source === 'file');
}

function wantedOf({ name, definition }: CommandEntry): { name: string; schedule: CommandSchedule }[] {
  return definition?.schedule === undefined ? [] : [{ name, schedule: definition.schedule }];
}

function isSame(row: ScheduleRecord, schedule: CommandSchedule): boolean {
  const { cron, timezone, overlap } = row;
  const given = (values: Readonly<Record<string, unknown>>) => JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
  return (
    cron === schedule.cron &&
    timezone === schedule.timezone &&
    overlap === schedule.overlap &&
    given(row.arguments) === given(schedule.arguments)
  );
}

function drop(w: Writer, { id, projectId, commandName }: ScheduleRecord): void {
  w.schedules.remove(id);
  w.events.append({ type: 'schedule.removed', subject: { projectId }, actor: byDaemon.actor, data: { scheduleId: id, commandName } });
}
