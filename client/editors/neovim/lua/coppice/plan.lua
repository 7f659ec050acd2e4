-- Shows one revision of a spec task. It is decided upon from that buffer only, so that what is approved is what was shown.
local buffers = require('coppice.buffers')
local text = require('coppice.text')

local M = {}

--- By buffer: { task, number, name, revision }.
local shown = {}

local function heading(task, revision)
  local is = revision.status:gsub('_', ' ')
  return {
    ('# #%d %s: revision %d (%s)'):format(task.number, text.one_line(task.name), revision.number, is),
    '',
    'Read it, then: a approves this revision, c requests changes, q closes.',
    '',
  }
end

local function comment_lines(comments)
  local lines = {}
  for _, one in ipairs(comments) do
    local place = one.line and ('%s:%d'):format(one.document, one.line) or one.document
    local blocks = one.blocking and '' or ' (stands in nobody’s way)'
    lines[#lines + 1] = ('- %s, %s%s: %s'):format(place, text.one_line(one.author), blocks, text.one_line(one.body))
  end
  return lines
end

local function lines_of(task, revision, comments)
  local lines = heading(task, revision)
  local said = comment_lines(comments)
  if #said > 0 then vim.list_extend(lines, vim.list_extend({ '## Open comments', '' }, vim.list_extend(said, { '' }))) end
  for _, document in ipairs({ 'requirements', 'design', 'plan' }) do
    if revision[document] ~= '' then
      vim.list_extend(lines, { ('## %s'):format(document:gsub('^%l', string.upper)), '' })
      vim.list_extend(lines, text.lines(revision[document]))
      lines[#lines + 1] = ''
    end
  end
  return lines
end

local function show(app, task, revision, comments)
  local name = ('plan/%s/%d'):format(task.id, revision.number)
  local buffer, is_new
  buffer, is_new = buffers.open(name, 'markdown', function() shown[buffer] = nil end)
  shown[buffer] = { task = task.id, number = task.number, name = text.one_line(task.name), revision = revision.number }
  buffers.set_lines(buffer, 0, -1, lines_of(task, revision, comments))
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  if not is_new then return end
  buffers.map(buffer, {
    a = { 'Approve this revision', function() M.approve(app) end },
    c = { 'Request changes of this revision', function() M.request_changes(app) end },
    q = { 'Close the plan', function() vim.api.nvim_buf_delete(0, {}) end },
  })
end

--- `ref` is { id, project? }: the newest revision is shown.
function M.open(app, ref)
  app.call('specTask.get', ref, function(error, task)
    if error then return app.fail(error) end
    app.call('specTask.getSpecs', { id = task.id }, function(failed, revision)
      if failed then return app.fail(failed) end
      local wanted = { specTask = task.id, status = 'open', limit = 200 }
      app.call('review.list', wanted, function(refused, reviews)
        if refused then return app.fail(refused) end
        show(app, task, revision, reviews.comments)
      end)
    end)
  end)
end

--- The revision of this buffer, if it shows one.
function M.here()
  return shown[vim.api.nvim_get_current_buf()]
end

local function start(app, plan)
  app.call('specTask.startImplementation', { id = plan.task, revision = plan.revision }, function(error)
    if error then return app.fail(error) end
    app.say(('Revision %d of #%d is approved, and its work has begun.'):format(plan.revision, plan.number))
  end)
end

local function approve(app, plan, and_start)
  app.call('specTask.approve', { id = plan.task, revision = plan.revision }, function(error, task)
    if error then return app.fail(error) end
    if task.status ~= 'spec_approved' then
      return app.say(('Your approval of revision %d of #%d counts; it is %s.'):format(plan.revision, plan.number, task.status:gsub('_', ' ')))
    end
    if and_start then return start(app, plan) end
    app.say(('Revision %d of #%d is approved.'):format(plan.revision, plan.number))
  end)
end

function M.approve(app)
  local plan = M.here()
  if not plan then return app.say('Approve from a plan that is shown; ":Coppice plan #1" shows one.', vim.log.levels.WARN) end
  local choices = { 'Approve it and start the work', 'Only approve it', 'Not now' }
  local prompt = ('Revision %d of #%d "%s", as it is shown here:'):format(plan.revision, plan.number, plan.name)
  vim.ui.select(choices, { prompt = prompt }, function(_, choice)
    if choice == 1 or choice == 2 then approve(app, plan, choice == 1) end
  end)
end

local function request_changes(app, plan, comment)
  local params = { id = plan.task, revision = plan.revision, comment = comment ~= '' and comment or nil }
  app.call('specTask.requestChanges', params, function(error)
    if error then return app.fail(error) end
    app.say(('Revision %d of #%d goes back to its planner.'):format(plan.revision, plan.number))
  end)
end

--- Without a comment one is asked for; an empty one sends only the comments that are open.
function M.request_changes(app, comment)
  local plan = M.here()
  if not plan then return app.say('Request changes from a plan that is shown; ":Coppice plan #1" shows one.', vim.log.levels.WARN) end
  if comment then return request_changes(app, plan, comment) end
  vim.ui.input({ prompt = ('What is to change in revision %d of #%d? '):format(plan.revision, plan.number) }, function(said)
    if said then request_changes(app, plan, said) end
  end)
end

return M
