-- Stores messages of a sender, each once and in order, and removes answers that it has taken.
-- KEYS: mail, meta, seen, answers. ARGV: number of the first message, maximum length of the
-- mail, 1 to skip numbers that are missing, lifetime of the numbers, channel of the owner, number of
-- taken answers, their numbers, messages. An empty message only takes its number.
local call, mail = redis.call, KEYS[1]
local last = tonumber(call('GET', KEYS[3]) or '0')
local first, taken = tonumber(ARGV[1]), tonumber(ARGV[6])
local messages = 7 + taken
if first > last + 1 then
  if ARGV[3] ~= '1' then return {'gap', last, 0} end
  last = first - 1
end
local result, added, owners = 'ok', 0, 1
if messages <= #ARGV then
  local room = tonumber(ARGV[2]) - call('XLEN', mail)
  for i = messages, #ARGV do
    local number, message = first + i - messages, ARGV[i]
    if number > last then
      if #message > 0 then
        if added >= room then result = 'full' break end
        call('XADD', mail, '*', 'm', message)
        added = added + 1
      end
      last = number
    end
  end
end
if messages <= #ARGV or ARGV[3] == '1' then
  call('SET', KEYS[3], string.format('%d', last), 'PX', ARGV[4])
end
if added > 0 then call('HINCRBY', KEYS[2], 'commits', added) end
if taken > 0 then call('HDEL', KEYS[4], unpack(ARGV, 7, 6 + taken)) end
-- Messages that were stored already are told of again, as the sender may not have done so.
if messages <= #ARGV then
  local lease, clock = call('HGET', KEYS[2], 'lease'), call('TIME')
  if not lease then call('PERSIST', KEYS[2]) end
  owners = 0
  if lease and tonumber(lease) > clock[1] * 1000 + clock[2] / 1000 then
    owners = call('SPUBLISH', ARGV[5], '')
  end
end
return {result, last, owners}
