-- What the list says, as rows { text, group?, item? }. It looks at the state and changes nothing.
local text = require('coppice.text')

local M = {}

local most_rows = 200
local ended_tasks = 20

local groups = {
  running = 'CoppiceActive', preparing = 'CoppiceActive', waiting = 'CoppiceAttention', queued = 'CoppiceDim',
  succeeded = 'CoppiceGood', failed = 'CoppiceBad', lost = 'CoppiceBad', cancelled = 'CoppiceDim',
  done = 'CoppiceDim', spec_failed = 'CoppiceBad', implementation_failed = 'CoppiceBad', spec_review = 'CoppiceAttention',
  implementation_review = 'CoppiceAttention',
}

local ended = { succeeded = true, failed = true, cancelled = true, lost = true, done = true }

local function words(status)
  return text.one_line(status):gsub('_', ' ')
end

local function row(parts, group, item)
  return { text = ('  ' .. table.concat(parts, '  ')):gsub('%s+$', ''), group = group, item = item }
end

local function attention_row(one, state)
  local title = text.truncate(text.one_line(one.title), 100)
  return row(
    { text.pad(words(one.kind), 14), title, text.one_line(state.project_name(one.projectId)), text.clock(one.raisedAt) },
    'CoppiceAttention',
    { kind = 'attention', id = one.id, value = one }
  )
end

local function task_row(task, state)
  local revision = task.revision and task.revision > 0 and ('revision %d%s'):format(task.revision, task.approvedRevision == task.revision and ', approved' or '')
  local parts = { text.pad(('#%d'):format(task.number), 5), text.pad(words(task.status), 22), text.truncate(text.one_line(task.name), 80) }
  vim.list_extend(parts, { text.one_line(state.project_name(task.projectId)), revision or '' })
  if task.lastError then parts[#parts + 1] = text.truncate(text.one_line(task.lastError), 80) end
  return row(parts, groups[task.status], { kind = 'task', id = task.id, value = task })
end

local function session_row(session)
  local parts = { text.pad(words(session.status), 10), text.pad(text.one_line(session.slug), 24), text.pad(text.one_line(session.commandName), 16) }
  parts[#parts + 1] = text.clock(session.endedAt or session.startedAt or session.createdAt)
  if session.branch then parts[#parts + 1] = text.one_line(session.branch) end
  if session.queueReason then parts[#parts + 1] = ('waits for %s'):format(text.one_line(session.queueReason)) end
  if session.reason then parts[#parts + 1] = text.one_line(session.reason) end
  return row(parts, groups[session.status], { kind = 'session', id = session.id, value = session })
end

local function project_row(project)
  return row(
    { text.pad(text.one_line(project.name), 24), text.one_line(project.path) }, nil,
    { kind = 'project', id = project.id, value = project }
  )
end

--- Those that have not ended first; the order within is kept.
local function active_first(all, most_ended)
  local active, others = {}, {}
  for _, one in ipairs(all) do
    local list = ended[one.status] and others or active
    if list == active or #others < most_ended then list[#list + 1] = one end
  end
  return vim.list_extend(active, others)
end

local function section(rows, title, all, to_row)
  rows[#rows + 1] = { text = '' }
  rows[#rows + 1] = { text = title, group = 'CoppiceTitle' }
  if #all == 0 then rows[#rows + 1] = { text = '  none', group = 'CoppiceDim' } end
  for at, one in ipairs(all) do
    if at > most_rows then
      rows[#rows + 1] = { text = ('  and %d more'):format(#all - most_rows), group = 'CoppiceDim' }
      break
    end
    rows[#rows + 1] = to_row(one)
  end
end

local function head(app)
  local is, why = app.connection.state()
  if is == 'up' then return { text = ('coppice: daemon %s, pid %d'):format(text.one_line(app.daemon.version), app.daemon.pid), group = 'CoppiceDim' } end
  if is == 'connecting' or is == 'idle' then return { text = 'coppice: connecting …', group = 'CoppiceDim' } end
  return { text = 'coppice: ' .. text.one_line(why or 'the connection was lost; it is made again'), group = 'CoppiceBad' }
end

function M.rows(app)
  local state = app.state
  local rows = { head(app) }
  local attention = ('Attention (%d)'):format(#state.attention)
  section(rows, attention, state.attention, function(one) return attention_row(one, state) end)
  section(rows, 'Spec tasks', active_first(state.tasks, ended_tasks), function(one) return task_row(one, state) end)
  section(rows, 'Sessions', active_first(state.sessions, most_rows), session_row)
  section(rows, 'Projects', state.projects, project_row)
  rows[#rows + 1] = { text = '' }
  rows[#rows + 1] = { text = '<CR> look  o output  t terminal  a plan  c changes  p permission  x cancel  d clear  R read anew  q close  g? help', group = 'CoppiceDim' }
  return rows
end

return M
