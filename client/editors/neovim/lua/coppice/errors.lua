-- An error is `{ message, kind? or code?, details? }`: a kind came over the wire, a code arose here. People see one sentence of it.
local text = require('coppice.text')

local M = {}

function M.here(code, message)
  return { code = code, message = message }
end

function M.from_wire(error)
  local data = type(error.data) == 'table' and error.data or {}
  return { message = tostring(error.message), kind = data.kind, retryable = data.retryable == true, details = data.details, ref = data.ref }
end

local function strings(value)
  local found = {}
  for _, one in ipairs(type(value) == 'table' and value or {}) do
    if type(one) == 'string' and #found < 3 then found[#found + 1] = ('"%s"'):format(one) end
  end
  return found
end

local function places(details)
  local found = {}
  for _, place in ipairs(type(details.diagnostics) == 'table' and details.diagnostics or {}) do
    if #found < 3 then found[#found + 1] = M.place(place) end
  end
  return found
end

--- `file:line:column: what`, as compilers write it.
function M.place(diagnostic)
  local where = {}
  for _, part in ipairs({ diagnostic.path or '', diagnostic.line or '', diagnostic.line and diagnostic.column or '' }) do
    if part ~= '' then where[#where + 1] = type(part) == 'number' and ('%d'):format(part) or part end
  end
  return (#where > 0 and table.concat(where, ':') .. ': ' or '') .. (diagnostic.message or 'is wrong')
end

--- What went wrong and what to do, in one line.
function M.sentence(error)
  local details = type(error.details) == 'table' and error.details or {}
  local said = error.message
  local parts = { said }
  local missing = function(advice) return type(advice) == 'string' and not said:find(advice, 1, true) end
  local names = vim.tbl_filter(missing, strings(details.suggestions))
  if #names > 0 then parts[#parts + 1] = ('Did you mean %s?'):format(table.concat(names, ' or ')) end
  for _, advice in ipairs({ details.upgrade or false, details.remedy or false, details.fix or false }) do
    if missing(advice) then parts[#parts + 1] = advice end
  end
  for _, place in ipairs(places(details)) do
    if missing(place) then parts[#parts + 1] = place end
  end
  if error.ref and missing(error.ref) then parts[#parts + 1] = ('(%s in the log of the daemon)'):format(error.ref) end
  return text.one_line(table.concat(parts, ' '))
end

return M
