-- A terminal of the daemon in a split. Closing the split only detaches.
local M = {}

local function open(app, argv)
  vim.cmd('botright new')
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].bufhidden = 'wipe'
  -- This editor may itself run in tmux; that has nothing to do with the one in the split.
  local options = { env = { TMUX = '' } }
  local ok, job
  if vim.fn.has('nvim-0.11') == 1 then
    options.term = true
    ok, job = pcall(vim.fn.jobstart, argv, options)
  else
    ok, job = pcall(vim.fn.termopen, argv, options)
  end
  if not ok or job <= 0 then
    vim.api.nvim_buf_delete(buffer, { force = true })
    return app.say(('The program "%s" cannot be run; install it to attach.'):format(argv[1]), vim.log.levels.ERROR)
  end
  vim.cmd('startinsert')
end

--- Asks one method after the other who it is; the first error is the one to tell.
local function try(app, calls, at, first_error)
  local call = calls[at]
  if not call then return app.fail(first_error) end
  app.call(call[1], call[2], function(error, answer)
    if not error then return open(app, answer.argv) end
    if error.kind ~= 'NOT_FOUND' then return app.fail(error) end
    try(app, calls, at + 1, first_error or error)
  end)
end

--- By session, or by id or name of a terminal; the agent of a work session is watched where it runs.
function M.attach(app, named, work_session)
  if work_session then return try(app, { { 'workSession.attach', { id = work_session } } }, 1) end
  try(app, { { 'session.attach', { id = named } }, { 'terminal.attach', { terminal = named } } }, 1)
end

return M
