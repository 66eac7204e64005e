-- Sends the prepared requests in order, each thread (of one connection) its own.
-- wrk ... -- FILE: thread N reads FILE.N
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local requests, at = {}, 0

function init(arguments)
  for line in io.lines(arguments[1] .. "." .. number) do
    requests[#requests + 1] = (line:gsub("\\n", "\r\n"))
  end
end

function request()
  at = at + 1
  return requests[at]
end
