-- Reads the next messages. ARGV: count.
local read = redis.call('XREADGROUP', 'GROUP', group, 'owner', 'COUNT', ARGV[4], 'STREAMS', KEYS[1], '>')
local messages = {}
for i, entry in ipairs(read and read[1][2] or {}) do
  local attempt = redis.call('HINCRBY', KEYS[3], entry[1], 1)
  local fields = {}
  for k = 1, #entry[2], 2 do fields[entry[2][k]] = entry[2][k + 1] end
  messages[i] = {entry[1], attempt, fields['s'] or '', fields['n'] or '', fields['m'] or ''}
end
return {'ok', messages, tonumber(redis.call('HGET', KEYS[2], 'commits') or '0')}
