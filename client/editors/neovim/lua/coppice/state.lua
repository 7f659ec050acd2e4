-- What the daemon says of projects, spec tasks, sessions and attention. Events tell that a part changed; the part is then asked for anew,
-- so what is shown is always something that the daemon said as a whole. However many events come, a part is asked for a few times a second.
local M = {}

local between_ms = 200
local page_rows = 200
--- Of each kind that is kept; a list longer than that helps nobody.
local most_rows = 1000
local ended_sessions = 50

local parts_by_noun = {
  project = { 'projects' },
  specTask = { 'tasks' },
  workSession = { 'tasks', 'sessions' },
  session = { 'sessions' },
  step = { 'sessions' },
  group = { 'sessions' },
  attention = { 'attention' },
  permission = { 'attention' },
}

--- `deps`: call; on_change(); on_error(error).
function M.new(deps)
  local state = { projects = {}, tasks = {}, sessions = {}, attention = {} }
  local dirty, busy, timer = {}, false, nil
  local closed = false
  local waiting = {}

  --- All pages of a list, up to the bound.
  local function pages(method, params, key, done)
    local rows = {}
    local function next_page(cursor)
      local page = vim.tbl_extend('force', { limit = page_rows, cursor = cursor }, params)
      deps.call(method, page, function(error, answer)
        if error then return done(error) end
        vim.list_extend(rows, answer[key])
        if answer.nextCursor and #rows < most_rows then return next_page(answer.nextCursor) end
        done(nil, rows)
      end)
    end
    next_page(nil)
  end

  local function all_sessions(done)
    pages('session.list', { status = { 'active' } }, 'sessions', function(error, active)
      if error then return done(error) end
      deps.call('session.list', { limit = ended_sessions }, function(failed, newest)
        if failed then return done(failed) end
        local seen, rows = {}, {}
        -- The newest were asked for last: what they say of one that ended meanwhile is the truth.
        for _, list in ipairs({ newest.sessions, active }) do
          for _, session in ipairs(list) do
            if not seen[session.id] then
              seen[session.id] = true
              rows[#rows + 1] = session
            end
          end
        end
        done(nil, rows)
      end)
    end)
  end

  local loaders = {
    projects = function(done) pages('project.list', {}, 'projects', done) end,
    tasks = function(done) pages('specTask.list', {}, 'specTasks', done) end,
    sessions = all_sessions,
    attention = function(done) pages('attention.list', {}, 'attention', done) end,
  }

  local load

  local function later()
    if timer or closed then return end
    timer = vim.defer_fn(function()
      timer = nil
      if not closed and not busy and next(dirty) then load() end
    end, between_ms)
  end

  load = function()
    local parts = vim.tbl_keys(dirty)
    dirty, busy = {}, true
    local told = waiting
    waiting = {}
    local left, cut_off = #parts, false
    for _, part in ipairs(parts) do
      loaders[part](function(error, rows)
        left = left - 1
        if closed then return end
        -- A lost connection is told elsewhere, and everything is read anew after it: whoever waits goes on doing so.
        if error and error.code then
          cut_off = true
        elseif error then
          deps.on_error(error)
        else
          state[part] = rows
        end
        if left > 0 then return end
        busy = false
        deps.on_change()
        if cut_off then
          vim.list_extend(waiting, told)
        else
          for _, done in ipairs(told) do done() end
        end
        if next(dirty) then later() end
      end)
    end
  end

  --- Parts changed; `done()` is called when they were read.
  function state.touch(parts, done)
    for _, part in ipairs(parts) do dirty[part] = true end
    if done then waiting[#waiting + 1] = done end
    if not busy and not timer then
      -- At once for the first, then a few times a second.
      vim.schedule(function()
        if not closed and not busy and not timer and next(dirty) then
          load()
          later()
        end
      end)
    end
  end

  function state.reload(done)
    state.touch({ 'projects', 'tasks', 'sessions', 'attention' }, done)
  end

  --- The sessions that have not ended, of the snapshot: shown until everything was read.
  function state.begin(sessions)
    state.sessions = sessions
    state.reload()
    deps.on_change()
  end

  function state.event(event)
    local parts = parts_by_noun[event.type:match('^[^.]+')]
    if parts then state.touch(parts) end
  end

  function state.project_name(id)
    for _, project in ipairs(state.projects) do
      if project.id == id then return project.name end
    end
    return ''
  end

  --- How many sessions are in each status, and how much waits for a human.
  function state.counts()
    local counts = { attention = #state.attention }
    for _, session in ipairs(state.sessions) do
      counts[session.status] = (counts[session.status] or 0) + 1
    end
    return counts
  end

  function state.close()
    closed = true
    if timer then
      timer:stop()
      if not timer:is_closing() then timer:close() end
      timer = nil
    end
  end

  return state
end

return M
