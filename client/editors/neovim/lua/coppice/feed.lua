-- The events of the daemon, each durable one once and in order: one subscription, resumed by its cursor on every new connection. And the
-- subscriptions that tell of growing output, for as long as somebody looks at it.
local M = {}

--- What this plugin acts on. thread.activity, which agents bring by the hundred, is not among them.
M.types = {
  'attention.*', 'config.*', 'daemon.*', 'group.*', 'permission.*', 'project.*', 'session.*', 'specTask.*', 'step.*', 'workSession.*',
}

--- Cursors are "<epoch>:<seq>".
local function parts_of(cursor)
  local epoch, seq = cursor:match('^(.*):(%d+)$')
  return epoch, tonumber(seq)
end

--- `deps`: call; on_snapshot(sessions), on_resumed(), on_event(event), on_missed(why) when events cannot be had any more,
--- on_error(error) when there is no subscription.
function M.new(deps)
  local feed = {}
  local cursor, subscription
  local followers, by_subscription = {}, {}
  --- Grows with each connection and its end, so that answers of an earlier one are known.
  local round, is_up = 0, false

  local function advance(batch_cursor, seq)
    local epoch, position = parts_of(cursor)
    local batch_epoch = parts_of(batch_cursor)
    if epoch == batch_epoch and seq <= position then return false end
    cursor = ('%s:%d'):format(batch_epoch, seq)
    return true
  end

  local function take(params)
    for _, event in ipairs(params.events or {}) do
      if not event.seq or advance(params.cursor, event.seq) then deps.on_event(event) end
    end
    cursor = params.cursor
  end

  local function take_gap(params)
    cursor = ('%s:%d'):format((parts_of(cursor)), params.to)
    for follower in pairs(followers) do follower.on_grew() end
    deps.on_missed(('The events %d to %d are gone from the log (%s); everything was read anew.'):format(params.from, params.to, params.reason))
  end

  local function follow_now(follower)
    local mine = round
    deps.call('event.subscribe', {
      subject = { sessionId = follower.session }, types = { 'session.outputGrew' }, output = true,
    }, function(error, answer)
      if mine ~= round then return end
      if error then return follower.on_error(error) end
      if follower.stopped then return deps.call('event.unsubscribe', { subscriptionId = answer.subscriptionId }, function() end) end
      follower.id = answer.subscriptionId
      by_subscription[answer.subscriptionId] = follower
      -- What grew before this moment is told by nobody.
      follower.on_grew()
    end)
  end

  --- A connection is there.
  function feed.up()
    round, is_up = round + 1, true
    by_subscription, subscription = {}, nil
    local mine, after = round, cursor
    deps.call('event.subscribe', { after = after, types = M.types, initial = true }, function(error, answer)
      if mine ~= round then return end
      if error then return deps.on_error(error) end
      subscription = answer.subscriptionId
      local sessions = answer.snapshot and answer.snapshot.sessions or {}
      if after == nil or answer.fresh then
        cursor = answer.cursor
        if after ~= nil then deps.on_missed('The event log is another one; everything was read anew.') end
        deps.on_snapshot(sessions)
      else
        deps.on_resumed()
      end
    end)
    for follower in pairs(followers) do follow_now(follower) end
  end

  function feed.down()
    round, is_up = round + 1, false
    by_subscription, subscription = {}, nil
  end

  function feed.notification(method, params)
    local mine = params.subscriptionId ~= nil and params.subscriptionId == subscription
    if method == 'event' and mine then return take(params) end
    if method == 'event.gap' and mine then return take_gap(params) end
    local follower = by_subscription[params.subscriptionId or '']
    if follower then follower.on_grew() end
  end

  --- Calls on_grew() whenever the output of a session may have grown, until the returned function is called.
  function feed.follow(session, on_grew, on_error)
    local follower = { session = session, on_grew = on_grew, on_error = on_error }
    followers[follower] = true
    if is_up then follow_now(follower) end
    return function()
      if follower.stopped then return end
      follower.stopped = true
      followers[follower] = nil
      if not follower.id or not by_subscription[follower.id] then return end
      by_subscription[follower.id] = nil
      -- Whatever comes of it: a connection that is gone has no subscriptions.
      deps.call('event.unsubscribe', { subscriptionId = follower.id }, function() end)
    end
  end

  --- Where a later subscription would go on; nil before the first answer.
  function feed.cursor()
    return cursor
  end

  return feed
end

return M
