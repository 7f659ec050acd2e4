-- The one connection to the daemon: made when it is first needed, made again when it broke, with a wait that grows. A daemon that cannot
-- be spoken with is not tried again before somebody asks for something.
local errors = require('coppice.errors')
local rpc = require('coppice.rpc')
local wire = require('coppice.wire')

local M = {}

local uv = vim.uv or vim.loop
local first_wait_ms = 100
local longest_wait_ms = 5000
--- A connection that held so long was a good one: the wait begins small again.
local held_ms = 2000

--- `told`: the user has read it already.
local function not_connected(sentence, told)
  local error = errors.here('NOT_CONNECTED', sentence)
  error.told = told
  return error
end

--- `deps`: sockets() as places.sockets; hello() the params of daemon.hello; on_up(hello), on_down(); on_failed(sentence, was_up, asked) for
--- each attempt that failed, which answers whether it brings a daemon up and then calls wake(), and whether it told the user;
--- on_fault(sentence) when it is given up, which tells; on_notification(method, params); on_bug(problem) when handling a message failed.
function M.new(deps)
  local connection = {}
  --- idle, connecting, up, waiting for the next attempt, faulty, or closed for good.
  local state, why = 'idle', nil
  local queue = {}
  local peer, current, timer
  local wait_ms, was_up = first_wait_ms, false
  local connect

  local function fail_queue(error)
    local failed = queue
    queue = {}
    for _, call in ipairs(failed) do call.done(error) end
  end

  local function stop_timer()
    if not timer then return end
    timer:stop()
    if not timer:is_closing() then timer:close() end
    timer = nil
  end

  local function try_later()
    state = 'waiting'
    stop_timer()
    timer = uv.new_timer()
    timer:start(math.floor(wait_ms), 0, vim.schedule_wrap(function()
      stop_timer()
      if state == 'waiting' then connect() end
    end))
    wait_ms = math.min(wait_ms * 1.5, longest_wait_ms)
  end

  local function fault(sentence)
    state, why = 'faulty', sentence
    local left, at_once = current, peer
    current, peer = nil, nil
    if left then left.close() end
    if at_once then at_once.close() end
    deps.on_down()
    deps.on_fault(sentence)
    fail_queue(not_connected(sentence, true))
  end

  local function failed(sentence)
    why, current = sentence, nil
    try_later()
    local on_its_way, told = deps.on_failed(sentence, was_up, #queue > 0)
    was_up = false
    if not on_its_way then fail_queue(not_connected(sentence, told)) end
  end

  local function up(hello)
    state, why, was_up = 'up', nil, true
    deps.on_up(hello)
    local waiting = queue
    queue = {}
    for _, call in ipairs(waiting) do connection.call(call.method, call.params, call.done) end
  end

  local function refused(path, error)
    if error.code or error.retryable then return end
    fault(('The daemon on "%s" refuses this client: %s'):format(path, errors.sentence(error)))
    return true
  end

  --- Tries the sockets in turn; the first one counts for what is said when none answers.
  local function dial(paths, at, first_problem)
    local path = paths[at]
    if not path then
      return failed(('No daemon answers on "%s" (%s); start one with ":Coppice start-daemon".'):format(paths[1], first_problem))
    end
    local opened_at, greeted = uv.now(), false
    local pipe, one
    pipe = wire.open(path, {
      open = function()
        one.call('daemon.hello', deps.hello(), function(error, hello)
          if current ~= pipe then return end
          if error then
            if refused(path, error) then return end
            first_problem = first_problem or errors.sentence(error)
            return pipe.close()
          end
          greeted, peer = true, one
          up(hello)
        end)
      end,
      lines = function(lines)
        for _, line in ipairs(lines) do
          if current ~= pipe then return end
          -- What one message does wrong must not cost the next ones.
          local ok, problem = pcall(one.receive, line)
          if not ok then deps.on_bug(problem) end
        end
      end,
      close = function(problem)
        if current ~= pipe then return end
        current, peer = nil, nil
        if greeted then
          if uv.now() - opened_at >= held_ms then wait_ms = first_wait_ms end
          try_later()
          deps.on_down()
        end
        one.close()
        if not greeted then dial(paths, at + 1, first_problem or problem) end
      end,
    })
    current = pipe
    one = rpc.new(pipe.send, deps.on_notification, function(sentence)
      if current == pipe then fault(sentence) end
    end)
  end

  connect = function()
    local paths, problem = deps.sockets()
    if not paths then return fault(problem) end
    state = 'connecting'
    dial(paths, 1)
  end

  --- `done(error, result)` is called once. Without a connection one is tried first.
  function connection.call(method, params, done)
    if state == 'up' then return peer.call(method, params, done) end
    if state == 'closed' then return done(errors.here('CLOSED', 'coppice is unloaded; any :Coppice command loads it again.')) end
    queue[#queue + 1] = { method = method, params = params, done = done }
    connection.wake()
  end

  --- Connects now, unless that is so or under way.
  function connection.wake()
    if state == 'idle' or state == 'waiting' or state == 'faulty' then
      stop_timer()
      connect()
    end
  end

  --- Drops a connection that is of no use; another one is tried.
  function connection.drop()
    if current then current.close() end
  end

  --- idle, connecting, up, waiting, faulty or closed; and why it is not up, as a sentence.
  function connection.state()
    return state, why
  end

  function connection.close()
    state = 'closed'
    stop_timer()
    local left, last = current, peer
    current, peer = nil, nil
    if left then left.close() end
    if last then last.close() end
    fail_queue(errors.here('CLOSED', 'coppice was unloaded.'))
  end

  return connection
end

return M
