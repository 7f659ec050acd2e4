import type { ResultOf } from '../../schemas/contract.ts';
import type { ArtifactService } from '../artifacts/service.ts';
import type { AttentionService } from '../attention/service.ts';
import type { AuthService } from '../auth/service.ts';
import type { Catalogue } from '../commands/catalogue.ts';
import type { ConfigService } from '../config/service.ts';
import type { CoordinationService } from '../coordination/service.ts';
import type { LoginService } from '../credentials/logins.ts';
import type { DoctorService } from '../doctor/service.ts';
import type { Feed } from '../events/feed.ts';
import type { GateService } from '../gates/service.ts';
import type { GroupService } from '../groups/service.ts';
import type { PermissionService } from '../instances/permissions.ts';
import type { InstanceReactor } from '../instances/reactor.ts';
import type { Reports } from '../instances/reports.ts';
import type { InstanceService } from '../instances/service.ts';
import type { Threads } from '../instances/threads.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { LeaseService } from '../leases/service.ts';
import type { LandingService } from '../merging/landing.ts';
import type { Metrics } from '../metrics/service.ts';
import type { Availability } from '../models/availability.ts';
import type { AgentRegistry, ModelRegistry } from '../models/registry.ts';
import type { PolicyService } from '../policy/service.ts';
import type { ProjectService } from '../projects/service.ts';
import type { ScheduleService } from '../schedules/service.ts';
import type { OutputWatch } from '../sessions/output-watch.ts';
import type { BuiltinsFor } from '../sessions/own-scripts.ts';
import type { SessionService } from '../sessions/service.ts';
import type { Planning } from '../spec-tasks/planning/service.ts';
import type { SpecTaskService } from '../spec-tasks/service.ts';
import type { Store } from '../store/store.ts';
import type { TerminalService } from '../terminals/service.ts';
import type { Git } from '../tools/git/git.ts';
import type { TmuxServers } from '../tools/tmux-servers.ts';
import type { UpkeepService } from '../upkeep/service.ts';
import type { WorkReactor } from '../work-sessions/reactor/reactor.ts';
import type { WorkSessionService } from '../work-sessions/service.ts';
import type { WorktreeService } from '../worktrees/service.ts';
import type { Spares } from '../worktrees/spares.ts';

/** Who this daemon is, and what only its root knows. */
export interface DaemonFacts {
  readonly version: string;
  readonly pid: number;
  readonly bootId: string;
  readonly startedAt: number;
  readonly paths: { readonly socket: string; readonly database: string; readonly log?: string; readonly config: string };
  webSocketPort(): number | undefined;
  connections(): { connections: number; subscriptions: number; lagEvents: number };
  isStopping(): boolean;
  /** Its files on disk are others than those it was started from. */
  upgradePending(): boolean;
  /** Begins an orderly stop; returns at once. */
  requestStop(reason: string): void;
  closeConnectionsOfToken(tokenId: string): void;
}

export interface Services {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Ids;
  readonly feed: Feed;
  readonly config: ConfigService;
  readonly models: ModelRegistry;
  readonly agents: AgentRegistry;
  readonly availability: Availability;
  /** Of the daemon, as sessions without one of their own get it. */
  readonly ownEnvironment: Readonly<Record<string, string>>;
  readonly projects: ProjectService;
  readonly catalogue: Catalogue;
  readonly sessions: SessionService;
  readonly groups: GroupService;
  readonly gates: GateService;
  readonly schedules: ScheduleService;
  readonly output: OutputWatch;
  readonly workSessions: WorkSessionService;
  readonly worktrees: WorktreeService;
  readonly spares: Spares;
  readonly terminals: TerminalService;
  readonly artifacts: ArtifactService;
  readonly leases: LeaseService;
  readonly specTasks: SpecTaskService;
  /** All of one task, of one moment. */
  readonly overview: (specTaskId: string) => ResultOf<'specTask.overview'>;
  readonly landing: LandingService;
  readonly planning: Planning;
  readonly instances: InstanceReactor;
  readonly instanceService: InstanceService;
  readonly reports: Reports;
  readonly threads: Threads;
  readonly permissions: PermissionService;
  readonly work: WorkReactor;
  readonly attention: AttentionService;
  readonly coordination: CoordinationService;
  readonly auth: AuthService;
  readonly policy: PolicyService;
  readonly logins: LoginService;
  readonly metrics: Metrics;
  readonly doctor: DoctorService;
  readonly upkeep: UpkeepService;
  readonly git: Git;
  readonly tmux: TmuxServers;
  readonly daemon: DaemonFacts;
  readonly builtinsFor: BuiltinsFor;
}
