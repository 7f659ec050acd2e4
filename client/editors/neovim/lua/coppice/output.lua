-- Follows the output of a session, step after step, in a buffer. What is shown always comes from session.readOutput, by offsets; events only
-- say when to read on, so nothing is missed when the connection breaks.
local buffers = require('coppice.buffers')
local config = require('coppice.config')

local M = {}

local read_bytes = 64 * 1024
--- What lies further back than this is left out.
local most_bytes = 1024 * 1024

local ended = { succeeded = true, failed = true, cancelled = true, lost = true }
local open_runs = { pending = true, running = true }

local function ending(session)
  local reason = session.reason and session.reason ~= session.status and (' (%s)'):format(session.reason) or ''
  return ('session %s%s'):format(session.status, reason)
end

local function title(run)
  local name = run.index > 0 and ('step %d %s'):format(run.index, run.name) or run.name
  return run.attempt > 1 and ('%s, attempt %d'):format(name, run.attempt) or name
end

local function follow(app, session, buffer)
  local lines = require('coppice.output-lines').new(buffer, config.options.output_lines)
  local progress = {}
  local reading, again, closed = false, false, false
  local unfollow, unlisten
  local read

  local function stop()
    closed = true
    if unfollow then unfollow() end
    if unlisten then unlisten() end
  end

  local function settled(error)
    reading = false
    if closed then return end
    if error and not error.code then
      lines.note(require('coppice.errors').sentence(error))
      return stop()
    end
    if again and not error then read() end
  end

  local function progress_of(run)
    -- Each attempt begins at its own offset 0.
    local key = ('%s/%d'):format(run.id, run.attempt)
    if not progress[key] then
      progress[key] = { offset = 0, done = false }
      lines.note(title(run))
    end
    return progress[key]
  end

  --- Reads what is there of one step run, then calls done().
  local function read_run(run, at, done)
    app.call('session.readOutput', { id = session, step = run.id, offset = at.offset, limit = read_bytes }, function(error, part)
      if closed then return end
      if error then return done(error) end
      local behind = part.size - part.nextOffset
      if behind > most_bytes then
        lines.note(('%d bytes are left out; "coppice logs" prints them'):format(behind - most_bytes / 2))
        at.offset = part.size - most_bytes / 2
        return read_run(run, at, done)
      end
      lines.append(part.data)
      local grew = part.nextOffset > at.offset
      at.offset = part.nextOffset
      if grew and at.offset < part.size then return read_run(run, at, done) end
      done()
    end)
  end

  --- A step that still runs holds back those after it.
  local function read_runs(found, index)
    local run = found.stepRuns[index]
    if not run then
      if ended[found.status] then
        lines.note(ending(found))
        stop()
      end
      return settled()
    end
    if run.status == 'pending' and run.outputSize == 0 then
      if ended[found.status] then return read_runs(found, index + 1) end
      return settled()
    end
    local at = progress_of(run)
    if at.done then return read_runs(found, index + 1) end
    read_run(run, at, function(error)
      if error then return settled(error) end
      at.done = ended[found.status] or not open_runs[run.status]
      if at.done then return read_runs(found, index + 1) end
      settled()
    end)
  end

  read = function()
    if closed then return end
    if reading then
      again = true
      return
    end
    reading, again = true, false
    app.call('session.get', { id = session }, function(error, found)
      if closed then return end
      if error then return settled(error) end
      read_runs(found, 1)
    end)
  end

  unfollow = app.feed.follow(session, read, function(error)
    if not error.code then lines.note(require('coppice.errors').sentence(error)) end
  end)
  unlisten = app.on(function(event)
    if event.subject and event.subject.sessionId == session and event.type ~= 'session.dataSet' then read() end
  end)
  read()
  return stop
end

--- `named` is an id or a slug.
function M.open(app, named)
  app.call('session.get', { id = named }, function(error, session)
    if error then return app.fail(error) end
    local stop
    local buffer, is_new = buffers.open('output/' .. require('coppice.text').one_line(session.slug), 'coppice-output', function()
      if stop then stop() end
    end)
    if not is_new then return end
    vim.opt_local.wrap = false
    buffers.map(buffer, { q = { 'Close the output', function() vim.api.nvim_buf_delete(0, {}) end } })
    stop = follow(app, session.id, buffer)
  end)
end

return M
