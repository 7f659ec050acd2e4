// Every bound of the daemon, in one place. Units are the last word of a name.

export const limits = {
  messageBytes: 8 * 1024 * 1024,
  headerBytes: 8 * 1024,
  batchRequests: 100,
  inFlightCallsPerConnection: 256,
  connections: 1024,
  webSocketConnections: 64,
  webSocketHelloMs: 3_000,
  webSocketHeadersMs: 5_000,
  subscriptionsPerConnection: 32,
  /** A pump stops reading the log while this much is unsent on its connection. */
  unsentBytes: 4 * 1024 * 1024,
  /** A connection that takes nothing for this long is closed. */
  stuckConnectionMs: 60_000,
  eventNotificationBytes: 64 * 1024,
  /** One value of shared data, and what stands around it. */
  eventDataBytes: 68 * 1024,
  eventPageRows: 200,
  /** Events whose text is kept in memory for live subscribers; older ones are read from the store. */
  liveEventTexts: 1024,
  eventPruneRows: 1_000,
  pageRows: 200,
  pageRowsDefault: 50,
  readOutputBytes: 1024 * 1024,
  readArtifactBytes: 1024 * 1024,
  captureLines: 10_000,
  sendBytes: 256 * 1024,
  argumentsPerCommand: 64,
  argumentBytes: 64 * 1024,
  environmentBytes: 1024 * 1024,
  stepsPerCommand: 200,
  commandFileBytes: 256 * 1024,
  /** Words and signs of one: what parsing it costs. */
  commandFileTokens: 40_000,
  commandFilesPerFolder: 1_000,
  sharedDataBytes: 64 * 1024,
  publishedBytes: 1024 * 1024,
  commitMessageBytes: 64 * 1024,
  removedWorktreesKeptMs: 30 * 24 * 60 * 60 * 1000,
  promptFileBytes: 256 * 1024,
  planBytes: 1024 * 1024,
  planLines: 200_000,
  planTasks: 100,
  planDependenciesPerTask: 50,
  /** References that one task makes, ranges counted by what they stand for; past it nothing more is looked up. */
  planReferencesPerTask: 400,
  /** Tasks that one range of dependencies may stand for. */
  planRangeTasks: 200,
  planTitleChars: 200,
  planFrontMatterBytes: 8 * 1024,
  /** Words and signs of one YAML text of a plan: what parsing it costs. */
  planYamlTokens: 20_000,
  /** How many there are more is told. */
  planDiagnosticsPerCode: 50,
  artifactPutBytes: 6 * 1024 * 1024,
  leasesPerOwner: 64,
  retryAttempts: 20,
  groupMembers: 64,
  groupTimeoutMs: 7 * 24 * 60 * 60 * 1000,
  /** How soon a group whose next move could not be written is looked at again. */
  groupAgainMs: 1_000,
  retryBackoffMs: 60 * 60 * 1000,
  /** The longest wait that the other side may ask for. */
  retryHintMs: 120_000,
  breakerProviders: 100,
  schedules: 1_000,
  /** Sessions of one schedule that may wait for the one before. */
  scheduleQueued: 10,
  /** How far back the times that passed without a daemon are counted, in units of the expression. */
  missedTimes: 10_080,
  conditionChars: 1_000,
  concurrencyLimit: 1_000,
  hookMs: 60_000,
  sessionWaitSeconds: 86_400,
  /** Files that a new worktree gets from the main checkout, and paths looked at for them. */
  copyFiles: 20_000,
  diffPatchBytes: 4 * 1024 * 1024,
  outputTailBytes: 4 * 1024,
  errorMessageChars: 2_000,
  socketPathBytes: 107,
  killGraceMs: 5_000,
  drainMs: 3_000,
  stopStepMs: 5_000,
  toolMs: 60_000,
  /** Operations that are measured each by itself; further ones share one. */
  metricOperations: 512,
  backupsShown: 20,
  /** Problems that one check of the database tells. */
  databaseProblems: 100,
  databaseCareMs: 15 * 60_000,
  /** How long one slice of giving free pages back may hold the event loop, and how large it may grow. */
  vacuumSliceMs: 10,
  vacuumSlicePages: 512,
  /** Free space that is not given back by itself. */
  spareBytes: 1024 * 1024,
  idlePollMs: 20,
  idleWaitMs: 60_000,
  /** Sessions whose artifacts one round of housekeeping packs or deletes. */
  retainedSessions: 1_000,
  receiptsKeptMs: 24 * 60 * 60 * 1000,
  configFileBytes: 256 * 1024,
  /** More places that are wrong help nobody. */
  configFaults: 100,
  /** Projects whose own configuration is kept in memory. */
  projectConfigs: 256,
  gateMembers: 5,
  nameChars: 255,
  taskPromptChars: 50_000,
  /** How often a planner may come to an end without a plan that can be taken. */
  planningAttempts: 3,
  /** Events that wait for one hook; further ones pass it by. */
  hookEvents: 1_000,
  planDependencies: 50,
  commentChars: 20_000,
  commentsPerTask: 1_000,
  repliesPerComment: 100,
  promptChars: 256 * 1024,
  /** Prompts that may wait in the queue of one work session. */
  promptsQueued: 100,
  workSessionsPerTask: 1_000,
  /** Failed verifications of a work session before a human is asked. */
  workVerifyAttempts: 3,
  /** How often a work session whose session vanished begins by itself. */
  workAttempts: 3,
  /** Spec tasks that are implemented are looked at this often, should no event tell of something. */
  workTickMs: 60_000,
  messagesPerTask: 10_000,
  verifyOutputBytes: 16 * 1024,
  /** What a message carries beside its text. */
  messageDataBytes: 64 * 1024,
  /** Messages that one prompt brings along; the first one whatever its length. */
  messagesPerPrompt: 20,
  messagesPerPromptChars: 64 * 1024,
  /** Deliveries whose deadline is over, a transaction. */
  expiredPerWrite: 200,
  sharedStateKeys: 256,
  sharedStateBytes: 64 * 1024,
  /** Of a spec task, in its overview. */
  recentEvents: 30,
  /** Reports of an instance outside of the daemon, each. */
  reportBytes: 64 * 1024,
  /** An agent's line on the wire; a longer one ends it. */
  agentLineBytes: 32 * 1024 * 1024,
  /** What an agent host tells of one event; the rest of a longer one is left out. */
  hostEventBytes: 1024 * 1024,
  /** Parts that are kept of a list which is too long for an event. */
  hostOptions: 32,
  /** Late events that a host has in memory; followers that are further behind read the file. */
  hostRecentBytes: 4 * 1024 * 1024,
  /** One call to an OAuth server, and what it may answer. */
  authRequestMs: 15_000,
  authResponseBytes: 1024 * 1024,
  authMetadataKeptMs: 10 * 60 * 1000,
  /** A login waits for its user no longer, whatever the server allows. */
  authLoginMs: 24 * 60 * 60 * 1000,
  /** Between two questions whether the user has confirmed a login, in seconds; also after errors of the network. */
  authIntervalSeconds: 300,
  authBackoffSeconds: 60,
  /** A token that ends sooner is refreshed before it is handed out. */
  authRefreshAheadMs: 5 * 60 * 1000,
  /** Logins that have ended and are still told of, each provider. */
  authFlows: 100,
  /** A token, secret or login that a file holds. */
  ownFileBytes: 64 * 1024,
  policyEntries: 200,
  /** Warnings and denials of policy that are kept. */
  policyDecisions: 5_000,
} as const;
