-- Where the daemon listens, by the same rules as every client: COPPICE_SOCKET, or COPPICE_HOME, or the XDG folders, then endpoint.json.
local json = require('coppice.json')

local M = {}

local uv = vim.uv or vim.loop
--- The kernel's field for the path of a Unix socket.
local longest_path = 107
local largest_endpoint = 64 * 1024

local function set(name)
  local value = vim.env[name]
  return value ~= '' and value or nil
end

--- XDG says to ignore what is not absolute.
local function absolute(name)
  local value = set(name)
  return value and value:sub(1, 1) == '/' and value or nil
end

local function problem_of(path)
  if path:sub(1, 1) ~= '/' then
    return ('The socket path "%s" is not absolute; give it from the root, like /run/x.'):format(path)
  end
  if #path > longest_path then
    return ('The socket path "%s" has %d bytes, but a Unix socket path may have %d; set COPPICE_SOCKET or COPPICE_HOME to a shorter one.')
      :format(path, #path, longest_path)
  end
end

--- A file that another user could have written is not trusted: it says where our calls go.
local function endpoint_socket(path)
  local found = uv.fs_stat(path)
  if not found or found.type ~= 'file' or found.size > largest_endpoint then return nil end
  if found.uid ~= (uv.geteuid or uv.getuid)() or found.mode % 64 ~= 0 then return nil end
  local file = uv.fs_open(path, 'r', 0)
  if not file then return nil end
  local said = uv.fs_read(file, found.size, 0)
  uv.fs_close(file)
  local endpoint = said and json.decode(said)
  local socket = type(endpoint) == 'table' and endpoint.socketPath
  return type(socket) == 'string' and not problem_of(socket) and socket or nil
end

--- Sockets to try, in this order; or nil and a sentence why there is none. `chosen` is the one of the options.
function M.sockets(chosen)
  local named = chosen or set('COPPICE_SOCKET')
  if named then
    local problem = problem_of(named)
    if problem then return nil, problem end
    return { named }
  end
  local root = set('COPPICE_HOME')
  if root and root:sub(1, 1) ~= '/' then
    return nil, ('COPPICE_HOME "%s" is not absolute; give it from the root, like /run/x.'):format(root)
  end
  local home = set('HOME') or uv.os_homedir()
  local state = root and root .. '/state' or (absolute('XDG_STATE_HOME') or home .. '/.local/state') .. '/coppice'
  local runtime = absolute('XDG_RUNTIME_DIR')
  local run = root and root .. '/run' or runtime and runtime .. '/coppice' or state .. '/run'
  local usual = run .. '/coppice.sock'
  local problem = problem_of(usual)
  if problem then return nil, problem end
  local other = endpoint_socket(state .. '/endpoint.json')
  return other and other ~= usual and { usual, other } or { usual }
end

return M
